//! What most commands begin with: the data folder, the database and the policy.

use std::path::Path;

use chrono::NaiveDate;
use model::interval::civil_date;
use model::policy::Policy;
use model::register::Register;
use registry::ports::{AuditAction, AuditEntry, AuditStore, RegisterStore, StoreError};
use store::{Settings, SqliteStore};

use crate::cli::Global;
use crate::clock;
use crate::data_folder::DataFolder;
use crate::exit::{Exit, Failure, OrExit};
use crate::output;

pub struct Session {
    pub data: DataFolder,
    pub store: SqliteStore,
    pub policy: Policy,
    /// Who acts, for the audit log.
    pub actor: String,
}

impl Session {
    pub async fn open(global: &Global) -> Result<Session, Failure> {
        let policy = read_policy(global.policy.as_deref())?;
        let data = DataFolder::open(&global.data)?;
        let actor = account();
        let settings = Settings { actor: actor.clone(), ..Settings::default() };
        let store = SqliteStore::open_with(&data.database(), settings).await.or_store_failure()?;
        Ok(Session { data, store, policy, actor })
    }

    /// For commands that only look: where the data folder can't be written to, they read it all the same, and say so.
    pub async fn open_to_read(global: &Global) -> Result<Session, Failure> {
        let failure = match Session::open(global).await {
            Ok(session) => return Ok(session),
            Err(failure) => failure,
        };
        let data = DataFolder::at(&global.data);
        if failure.exit != Exit::Environment || !data.database().is_file() {
            return Err(failure);
        }
        let store = SqliteStore::open_to_read(&data.database()).await.or_store_failure()?;
        output::note(format!("{} can't be written to; it is only read", global.data.display()));
        let policy = read_policy(global.policy.as_deref())?;
        Ok(Session { data, store, policy, actor: String::new() })
    }

    pub async fn register(&self) -> Result<Register, Failure> {
        self.store.load().await.or_store_failure()
    }

    /// Writes down who did or was refused what.
    pub async fn log(&self, action: AuditAction, detail: String) -> Result<(), Failure> {
        let entry = AuditEntry { at: clock::now(), actor: self.actor.clone(), action, detail };
        self.store.record(&entry).await.or_store_failure()
    }

    /// Today in China.
    pub fn today(&self) -> NaiveDate {
        civil_date(clock::now())
    }
}

/// The account that this process runs as, by the system's own list: what the environment says of it anybody can set.
fn account() -> String {
    use std::os::unix::fs::MetadataExt;
    let Ok(process) = std::fs::metadata("/proc/self") else { return "unknown".to_owned() };
    let uid = process.uid().to_string();
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}

/// The customer's policy, or the embedded one.
fn read_policy(path: Option<&Path>) -> Result<Policy, Failure> {
    let Some(path) = path else { return Ok(Policy::embedded()) };
    let doing = || format!("can't use the policy {}", path.display());
    let text = std::fs::read_to_string(path).or_exit_while(Exit::NotFound, doing())?;
    Policy::parse(&text).or_exit_while(Exit::BadInput, doing())
}

/// Gives a store's error its exit code.
pub trait OrStoreFailure<T> {
    fn or_store_failure(self) -> Result<T, Failure>;
}

impl<T> OrStoreFailure<T> for Result<T, StoreError> {
    fn or_store_failure(self) -> Result<T, Failure> {
        self.map_err(|error| {
            let exit = match &error {
                StoreError::Unavailable(_) => Exit::Busy,
                StoreError::NewerVersion { .. } | StoreError::Corrupt { .. } => Exit::Data,
                StoreError::Unwritable(_) | StoreError::Full(_) => Exit::Environment,
                // What is left is ours: a contradiction or a use of the store that it wasn't made for.
                _ => Exit::Internal,
            };
            Failure::new(exit, error)
        })
    }
}
