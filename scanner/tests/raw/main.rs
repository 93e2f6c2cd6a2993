//! The SYN engine between network namespaces of its own, with kernels, filters and a faulty line for targets. Takes
//! root; without it each test says that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test a panic is the message, and skipping is told"
)]

mod faults;
mod hosts;
mod link;
mod runs;
mod scene;
mod verdicts;
mod world;

/// What children do; see [`world::World`].
#[test]
fn child_plays_its_role() {
    if let Ok(role) = std::env::var(world::ROLE) {
        world::play(&role);
    }
}
