//! What only a whole handshake shows: the certificates of TLS 1.3 by kind and without a name, its tickets and whether
//! they are good for anything, and a page where the protocol inside is HTTP. The driver's library shakes the hands.

use super::asker::Reply;
use super::exchange::Answer;
use super::facts::{ChainKind, ConnectionNo, Reason, Told};
use super::seam::{Purpose, SessionSeen, Wish};
use super::story::Teller;
use super::web;
use crate::tls::codes::Version;

/// Everything that today's libraries verify.
const ALL: &[u16] = &[0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];
const RSA: &[u16] = &[0x0804, 0x0805, 0x0806];
const ECDSA: &[u16] = &[0x0403, 0x0503, 0x0603, 0x0807];

pub(super) const ANY: Wish =
    Wish { purpose: Purpose::Certificates, schemes: ALL, with_name: true, resume: false };

pub(super) async fn find(teller: &mut Teller) {
    if teller.found.speaks(Version::Tls13) {
        find_in_13(teller).await;
    } else if teller.found.speaks(Version::Tls12) && speaks_http(teller) {
        find_page(teller, false).await;
    }
}

/// Where the server has said that the protocol inside is HTTP, and says nothing in clear before TLS.
fn speaks_http(teller: &Teller) -> bool {
    let protocols = &teller.found.features.protocols;
    teller.subject.start_tls.is_none()
        && protocols.iter().any(|name| matches!(name.as_str(), "http/1.1" | "http/1.0"))
}

/// A session, if it came as far as to show something.
pub(super) async fn hold(
    teller: &mut Teller,
    asked: &str,
    wish: Wish,
) -> Option<(ConnectionNo, SessionSeen)> {
    let is_plain = teller.subject.start_tls.is_none_or(|start_tls| start_tls.is_plain());
    if !teller.asker.may_hold_sessions() || !is_plain {
        return None;
    }
    let Reply { number, answer } = teller.asker.ask_session(asked, wish).await;
    match answer {
        Ok(Answer::Session(seen)) if seen.is_whole || !seen.chain.is_empty() => Some((number, *seen)),
        _ => None,
    }
}

async fn find_in_13(teller: &mut Teller) {
    let name = teller.subject.server_name.as_ref().map(|name| name.as_str().to_owned());
    let Some((number, first)) = hold(teller, "TLS 1.3, a session", ANY).await else { return };
    teller.found.take_session(name.as_deref(), &first, number);
    // A certificate of the other kind is shown to those who take no other.
    let is_rsa = ChainKind::of_chain(&first.chain) == Some(ChainKind::Rsa);
    let (asked, schemes) =
        if is_rsa { ("TLS 1.3, a session with ECDSA", ECDSA) } else { ("TLS 1.3, a session with RSA", RSA) };
    if let Some((number, seen)) = hold(teller, asked, Wish { schemes, ..ANY }).await {
        teller.found.take_session(name.as_deref(), &seen, number);
    }
    if name.is_some() {
        let wish = Wish { with_name: false, ..ANY };
        if let Some((number, seen)) = hold(teller, "TLS 1.3, a session without a server name", wish).await {
            teller.found.take_session(None, &seen, number);
        }
    }
    find_tickets_in_13(teller, number, &first);
    go_on_in_13(teller, first.n_tickets > 0).await;
}

/// The tickets of the first session.
fn find_tickets_in_13(teller: &mut Teller, number: ConnectionNo, first: &SessionSeen) {
    let features = &mut teller.found.features;
    let unknown = match first {
        // A server that wants a certificate of ours gives out nothing to those who have none.
        SessionSeen { is_whole: false, .. } => Some(Reason::NeedsSession),
        // It may have been about to give one out.
        SessionSeen { n_tickets: 0, is_heard_out: false, .. } => Some(Reason::TimedOut),
        _ => None,
    };
    if let Some(reason) = unknown {
        let told = Told::unknown(reason, [number]);
        (features.tickets_in_13, features.early_data) = (told.clone(), told.clone());
        features.resumption_in_13 = told;
        return;
    }
    features.tickets_in_13 = Told::of(first.n_tickets > 0, number);
    features.early_data = Told::of(first.max_early_data > 0, number);
    features.max_early_data_bytes = Some(first.max_early_data).filter(|n| *n > 0);
    features.ticket_lifetime_seconds_in_13 = first.ticket_lifetime;
    if first.n_tickets == 0 {
        features.resumption_in_13 = Told::no([number]);
    }
}

/// Whether one of them is taken; the page comes along where there is one.
async fn go_on_in_13(teller: &mut Teller, has_tickets: bool) {
    let resumed = if speaks_http(teller) {
        find_page(teller, has_tickets).await
    } else if has_tickets {
        hold(teller, "TLS 1.3, the session again", Wish { resume: true, ..ANY }).await
    } else {
        None
    };
    if let (Some((number, seen)), true) = (resumed, has_tickets) {
        teller.found.features.resumption_in_13 = Told::of(seen.is_resumed, number);
    }
}

async fn find_page(teller: &mut Teller, resume: bool) -> Option<(ConnectionNo, SessionSeen)> {
    let wish = Wish { purpose: Purpose::Page, resume, ..ANY };
    let (number, seen) = hold(teller, "GET / over TLS", wish).await?;
    teller.found.features.page = web::read_head(&seen.page, number);
    Some((number, seen))
}
