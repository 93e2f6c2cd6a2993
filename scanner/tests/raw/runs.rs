//! Runs that are killed, and runs that share a plan.

use std::collections::BTreeMap;

use model::observation::PortState;
use scanner::run::RunState;

use super::scene::{Scene, V4};
use super::world::{Run, World, another, inside, n_sent, pace, until};

const RATE: u32 = 5_000;

#[test]
fn killed_run_goes_on_where_it_was_and_asks_little_twice() {
    let set_up = |world: &mut World| {
        world.tie();
        world.listen([200, 300, 400]);
        true
    };
    inside("runs::killed_run_goes_on_where_it_was_and_asks_little_twice", set_up, || {
        let run = Run::new("10.98.1.0/28", "101-1100", pace(RATE));
        let before = n_sent();
        let mut child = another(&format!("resume {}", run.folder.path().display()));
        until("half of it is done", || run.folder.summary().is_ok_and(|it| it.totals.n_done() > 8_000));
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        let summary = run.folder.summary().unwrap();
        assert_eq!(summary.state, RunState::Interrupted);
        let n_before = summary.totals.n_done();
        assert!(n_before < 16_000, "it was done before it could be killed");
        let report = run.finish();
        let states = run.states();
        let n_open = states.values().filter(|&&state| state == PortState::Open).count();
        let n_closed = states.values().filter(|&&state| state == PortState::Closed).count();
        assert_eq!((n_open, n_closed), (48, 16_000 - 48));
        // No more than what a second holds is asked again, by both counts: of the engine and of the wire.
        assert!(report.n_sent <= 16_000 - n_before + u64::from(RATE), "{n_before} before, {report:?}");
        let n_on_wire = n_sent() - before;
        assert!(n_on_wire <= 16_000 + u64::from(RATE), "{n_on_wire} frames for 16,000 questions");
    });
}

#[test]
fn shards_together_are_the_whole() {
    let set_up = |world: &mut World| {
        world.tie();
        V4.set_up(world)
    };
    inside("runs::shards_together_are_the_whole", set_up, || {
        let mut seen: BTreeMap<_, PortState> = BTreeMap::new();
        for shard in ["1/3", "2/3", "3/3"] {
            let run = Run::of_shard(V4.targets, &Scene::ports(), pace(20_000), Some(shard.parse().unwrap()));
            run.finish();
            let states = run.states();
            assert!(states.len() * 4 > V4.truth().len(), "{} endpoints in shard {shard}", states.len());
            for (endpoint, state) in states {
                assert!(seen.insert(endpoint, state).is_none(), "{endpoint:?} was asked by two shards");
            }
        }
        let truth = V4.truth();
        assert_eq!(seen.len(), truth.len());
        // A shard sees too little of some hosts to tell a filter from nobody; what answered is the same.
        for (endpoint, state) in truth {
            let tells = |state| !matches!(state, PortState::Unverifiable | PortState::Filtered(_));
            if tells(state) {
                assert_eq!(seen.get(&endpoint), Some(&state), "{endpoint:?}");
            }
        }
    });
}
