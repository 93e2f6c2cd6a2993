//! Messages of a first flight and SSL 2.0's hello, each by itself: no panic, bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use probes::tls::flight::{Flight, FlightError, Until, read_clear, read_until};
use probes::tls::message::{
    CertificateRequest, KeyExchange, ServerHello, SessionTicket, certificate_list, certificate_status,
};
use probes::tls::provoke::{BadKey, Provocation, reaction};
use probes::tls::sm2::is_signed_by;
use probes::tls::{ssl2, staple};

fuzz_target!(|data: &[u8]| {
    let (suite, body) = data.split_at(data.len().min(2));
    let suite = suite.iter().fold(0u16, |code, byte| code << 8 | u16::from(*byte));
    for version in [0x0101, 0x0300, 0x0303] {
        let _ = KeyExchange::read(body, version, suite);
        let _ = CertificateRequest::read(body, version);
    }
    if let Ok(hello) = ServerHello::read(data) {
        assert!(hello.extensions.len() <= 64 && hello.session_id.len() <= 32);
        let _ = (hello.group(), hello.protocol());
    }
    assert!(certificate_list(data).map_or(0, |list| list.len()) <= 10);
    let _ = certificate_status(data);
    let _ = (SessionTicket::read(data), SessionTicket::read_in_13(data), read_clear(data));
    let told = staple::read(data);
    if let Some(signed) = staple::signed(data) {
        assert!(signed.data.len() + signed.signature.len() <= data.len() && signed.certificates.len() <= 8);
    }
    if let Some(told) = told {
        let chain = [data.to_vec(), data.to_vec()];
        let _ = told.is_signed_for(&chain, &|claim| Some(claim.message.len() % 2 == 0));
    }
    let _ = reaction(data);
    assert!(ssl2::server_hello(data, true).map_or(0, |hello| hello.ciphers.len()) <= 64);
    let (certificate, issuer) = data.split_at(data.len() / 2);
    let _ = is_signed_by(certificate, issuer);
    // Keys are encrypted to whatever certificate a server shows.
    let flight = Flight { version: Some(suite), certificates: vec![body.to_vec()], ..Flight::default() };
    for how in BadKey::ALL {
        let _ = Provocation::BadKey(how).bytes(&flight, 1);
    }
    let whole = read_until(data, false, Until::Done);
    for n in [data.len() / 3, data.len() / 2, data.len().saturating_sub(1)] {
        let part = read_until(&data[..n], false, Until::Done);
        assert!(part == Err(FlightError::Incomplete) || part == whole, "cut at {n}");
    }
});
