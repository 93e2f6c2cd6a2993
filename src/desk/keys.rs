//! The keys folder: the ring of signing keys with its secrets, and the key of ID numbers. For its owner only.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use training::identity::{IdentityKey, IdentityKeys};
use training::keys::{Algorithm, KeyId, KeyRing, PublicRing, SigningKey};
use training::records::Records;

use crate::data_folder::DataFolder;
use crate::exit::{Exit, Failure, OrExit};
use crate::files::{make_folder, replace_file};
use crate::output;

/// The folder of a data folder's keys.
pub struct KeyFolder(PathBuf);

/// The file of the key of ID numbers.
const IDENTITY: &str = "identity.secret";

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0} isn't a key of ID numbers: 64 hexadecimal digits")]
    NotAnIdentityKey(String),
    #[error(
        "ID numbers are kept, and the key to them, {0}, is gone; put the copy of it back: by another key nobody would be \
         found again"
    )]
    IdentityKeyGone(String),
}

impl KeyFolder {
    /// Makes the folder if need be.
    pub fn of(data: &DataFolder) -> Result<KeyFolder, Failure> {
        let folder = data.keys();
        make_folder(&folder)?;
        Ok(KeyFolder(folder))
    }

    fn ring_file(&self) -> PathBuf {
        self.0.join("ring.json")
    }

    fn secret_file(&self, id: KeyId) -> PathBuf {
        self.0.join(format!("{id}.secret"))
    }

    pub fn ring(&self) -> Result<KeyRing, Failure> {
        let path = self.ring_file();
        let doing = |path: &Path| format!("can't use the key file {}", path.display());
        let public = match std::fs::read_to_string(&path) {
            Ok(text) => PublicRing::from_json(&text).or_exit_while(Exit::Data, doing(&path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => PublicRing::default(),
            Err(error) => return Err(error).or_exit_while(Exit::Environment, doing(&path)),
        };
        let mut secrets = Vec::new();
        for key in public.keys() {
            let path = self.secret_file(key.id());
            if path.exists() {
                let text = std::fs::read_to_string(&path).or_exit_while(Exit::Environment, doing(&path))?;
                secrets.push(SigningKey::from_secret_text(&text).or_exit_while(Exit::Data, doing(&path))?);
            }
        }
        KeyRing::new(public, secrets).or_exit_while(Exit::Data, doing(&path))
    }

    /// The ring, with a first key in it if there was none.
    pub fn ring_to_sign(&self, today: NaiveDate) -> Result<KeyRing, Failure> {
        let mut ring = self.ring()?;
        if ring.public().keys().is_empty() {
            let id = self.rotate(&mut ring, Algorithm::Ed25519, today)?;
            output::note(format!(
                "made a first signing key, {id}, in {}; keep a copy of that folder in a safe place",
                self.0.display()
            ));
        }
        Ok(ring)
    }

    /// Takes a fresh key into use. The secret is on disk before the ring names it.
    pub fn rotate(
        &self,
        ring: &mut KeyRing,
        algorithm: Algorithm,
        today: NaiveDate,
    ) -> Result<KeyId, Failure> {
        let key = SigningKey::from_seed(algorithm, &random()).or_exit(Exit::Internal)?;
        write_secret(&self.secret_file(key.id()), key.to_secret_text().as_bytes())?;
        let id = ring.rotate(key, today).or_exit(Exit::Internal)?;
        self.keep(ring)?;
        Ok(id)
    }

    /// Writes the public ring, whole or not at all.
    pub fn keep(&self, ring: &KeyRing) -> Result<(), Failure> {
        replace_file(&self.ring_file(), ring.public().to_json().as_bytes())
    }

    /// The key of ID numbers; made when it is first asked for.
    pub fn identity(&self, records: &Records) -> Result<IdentityKeys, Failure> {
        let path = self.0.join(IDENTITY);
        if !path.exists() {
            may_be_made(&path, records)?;
            let fresh: [u8; 32] = random();
            let digits: String = fresh.iter().map(|byte| format!("{byte:02x}")).collect();
            write_secret(&path, digits.as_bytes())?;
            output::note(format!(
                "made the key of ID numbers, {}; without it they can't be read again: keep a copy in a safe place",
                path.display()
            ));
        }
        read_identity(&path)
    }

    /// For a look at what would be kept: where there is no key yet, nothing was kept by it either, and any other serves for
    /// this once. Nothing is written, not even the folder.
    pub fn identity_for_once(data: &DataFolder, records: &Records) -> Result<IdentityKeys, Failure> {
        let path = data.keys().join(IDENTITY);
        if path.exists() {
            return read_identity(&path);
        }
        may_be_made(&path, records)?;
        Ok(IdentityKeys::new(IdentityKey::new(&random()), Vec::new()))
    }
}

/// A key that is gone is never replaced by another.
fn may_be_made(path: &Path, records: &Records) -> Result<(), Failure> {
    match records.staff.iter().any(|one| one.id_number.is_some()) {
        true => Err(Failure::new(Exit::Data, Fault::IdentityKeyGone(path.display().to_string()))),
        false => Ok(()),
    }
}

fn read_identity(path: &Path) -> Result<IdentityKeys, Failure> {
    let text = std::fs::read_to_string(path)
        .or_exit_while(Exit::Environment, format!("can't read {}", path.display()))?;
    let wrong = || Failure::new(Exit::Data, Fault::NotAnIdentityKey(path.display().to_string()));
    let secret = hexadecimal(text.trim()).ok_or_else(wrong)?;
    Ok(IdentityKeys::new(IdentityKey::new(&secret), Vec::new()))
}

/// Bytes of the operating system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0u8; 32];
    if text.len() != 64 {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// A new file that only its owner reads, on disk when this returns.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let mut file: File = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().or_exit_while(Exit::Environment, format!("can't write {}", path.display()))
}
