//! A folder of its own with the binary to run in it, and what the binary said.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A throw-away folder; the binary keeps its data in `data` below it.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        Sandbox { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The binary with its data folder here; the caller adds what it is to do.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentrypost"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["SENTRYPOST_DATA", "SENTRYPOST_POLICY", "SENTRYPOST_LOG", "SENTRYPOST_RESOLVER"] {
            command.env_remove(name);
        }
        command.arg("--data").arg(self.path("data"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command().args(args).output().unwrap(), &args.join(" "))
    }

    /// A unit that owns `range`, authorised from yesterday on for a year.
    pub(crate) fn register_unit(&self, range: &str) {
        let units = format!("单位名称,统一社会信用代码\n示例市虚构测试局,{}\n", credit_code(1));
        let until = chrono::Utc::now().date_naive() + chrono::Days::new(365);
        let assets =
            format!("单位信用代码,资产,授权批准人,授权止\n{},{range},虚构批准人,{until}\n", credit_code(1));
        for (name, text) in [("单位.csv", units), ("资产.csv", assets)] {
            let file = self.write(name, text);
            self.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
        }
    }

    /// Changes or adds an asset of the unit of [`Sandbox::register_unit`], authorised until that many days from today.
    pub(crate) fn register_asset(&self, target: &str, n_days: i64) {
        let until = chrono::Utc::now().date_naive() + chrono::TimeDelta::days(n_days);
        let code = credit_code(1);
        let text = format!("单位信用代码,资产,授权批准人,授权止\n{code},{target},虚构批准人,{until}\n");
        let file = self.write("资产.csv", text);
        self.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
    }

    /// All findings that are not closed.
    pub(crate) fn findings(&self) -> Vec<serde_json::Value> {
        let listed = self.run(&["findings", "list", "--json"]).ends(0).json();
        listed["data"].as_array().unwrap().clone()
    }

    /// The ids of all runs, newest first.
    pub(crate) fn runs(&self) -> Vec<String> {
        let listed = self.run(&["runs", "list", "--json"]).ends(0).json();
        let runs = listed["data"].as_array().unwrap();
        runs.iter().map(|run| run["run"].as_str().unwrap().to_owned()).collect()
    }
}

/// A made-up credit code that passes the check.
pub(crate) fn credit_code(serial: u32) -> String {
    model::credit_code::CreditCode::with_check_symbol(&format!("11440100MADE{serial:05}"))
        .unwrap()
        .to_string()
}

/// What one call of the binary said.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    args: String,
}

impl Ran {
    pub(crate) fn of(output: Output, args: &str) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            args: args.to_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Ran {
        let Ran { args, out, err, .. } = &self;
        assert_eq!(self.code, Some(code), "sentrypost {args}\n--- stdout\n{out}\n--- stderr\n{err}");
        self
    }

    /// All of `words` stand in what it told the person.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Ran {
        for word in words {
            assert!(self.err.contains(word), "sentrypost {}: no {word:?} in\n{}", self.args, self.err);
        }
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{}: {error} in {}", self.args, self.out))
    }
}

/// A second octet of 127.0.0.0/8 that no other test, lab or program of this machine uses, kept while it lives.
pub(crate) struct Network {
    octet: u8,
    _claim: std::net::TcpListener,
}

impl Network {
    pub(crate) fn claim() -> Network {
        let claimed = (30..=250u8).find_map(|octet| {
            let claim =
                std::net::TcpListener::bind((std::net::Ipv4Addr::new(127, octet, 0, 1), 20_000)).ok()?;
            Some(Network { octet, _claim: claim })
        });
        claimed.expect("a free network among 221")
    }

    pub(crate) fn octet(&self) -> u8 {
        self.octet
    }

    /// An address of the network's third octet 1.
    pub(crate) fn host(&self, host: u8) -> String {
        format!("127.{}.1.{host}", self.octet)
    }
}

pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
