//! The relay as a program: put it into a namespace between two others, one interface towards each.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use rawsock::Interface;
use testkit::Faults;

/// Forwards frames between two Ethernet interfaces, with made faults, until its standard input closes or SIGTERM
/// comes. Says `ready` once it forwards, and what it did when it ends by its input.
#[derive(Debug, Parser)]
struct Arguments {
    a: String,
    b: String,
    /// Each way, milliseconds
    #[arg(long, default_value_t = 0.0)]
    delay: f64,
    /// More or less than the delay, milliseconds
    #[arg(long, default_value_t = 0.0)]
    jitter: f64,
    /// Each way, percent
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Percent
    #[arg(long, default_value_t = 0.0)]
    duplicate: f64,
    /// Held back, percent
    #[arg(long, default_value_t = 0.0)]
    reorder: f64,
    /// How long those held back are, milliseconds
    #[arg(long, default_value_t = 1.0)]
    reorder_by: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Most memory for frames on the way, each way, MiB
    #[arg(long, default_value_t = 64)]
    memory: usize,
    /// Don't end when the standard input closes
    #[arg(long)]
    stay: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let faults = faults(&arguments)?;
    let [a, b] = [&arguments.a, &arguments.b].map(|name| Interface::by_name(name));
    let (a, b) = (a?, b?);
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let end = &end;
        if !arguments.stay {
            // Not joined: it may read for ever. The process ends with the relay.
            std::thread::spawn(wait_for_input);
        }
        #[expect(clippy::print_stdout, reason = "who started it waits for this")]
        let ready = || println!("ready");
        let relay = scope.spawn(move || testkit::run([&a, &b], faults, arguments.seed, ready, end));
        while !relay.is_finished() && !INPUT_CLOSED.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        end.store(true, Ordering::SeqCst);
        let directions = relay.join().map_err(|_| anyhow::anyhow!("the relay panicked"))??;
        for direction in directions {
            #[expect(clippy::print_stdout, reason = "what it did is its output")]
            {
                println!("{direction:?}");
            }
        }
        Ok(())
    })
}

static INPUT_CLOSED: AtomicBool = AtomicBool::new(false);

fn wait_for_input() {
    let mut buffer = [0; 64];
    let mut input = std::io::stdin();
    while input.read(&mut buffer).is_ok_and(|n| n > 0) {}
    INPUT_CLOSED.store(true, Ordering::SeqCst);
}

fn faults(arguments: &Arguments) -> anyhow::Result<Faults> {
    let time = |milliseconds: f64, name: &str| {
        Duration::try_from_secs_f64(milliseconds / 1e3).with_context(|| format!("--{name} {milliseconds}"))
    };
    let share = |percent: f64, name: &str| {
        if !(0.0..=100.0).contains(&percent) {
            bail!("--{name} {percent} isn't between 0 and 100 percent");
        }
        Ok(percent / 100.0)
    };
    Ok(Faults {
        delay: time(arguments.delay, "delay")?,
        jitter: time(arguments.jitter, "jitter")?,
        loss: share(arguments.loss, "loss")?,
        duplication: share(arguments.duplicate, "duplicate")?,
        reordering: share(arguments.reorder, "reorder")?,
        reorder_by: time(arguments.reorder_by, "reorder-by")?,
        capacity_bytes: arguments.memory.saturating_mul(1 << 20),
    })
}
