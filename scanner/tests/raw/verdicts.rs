//! What is said of every endpoint of a network whose truth is known.

use super::scene::{Scene, V4, V6};
use super::world::{Run, World, inside, pace};

#[test]
fn every_endpoint_gets_its_verdict() {
    let set_up = |world: &mut World| {
        world.tie();
        V4.set_up(world)
    };
    inside("verdicts::every_endpoint_gets_its_verdict", set_up, || {
        let run = Run::new(V4.targets, &Scene::ports(), pace(20_000));
        let report = run.finish();
        V4.check(&run);
        assert_eq!((report.n_lost, report.n_forged, report.n_stray), (0, 0, 0), "{report:?}");
    });
}

#[test]
fn every_endpoint_of_ipv6_gets_its_verdict() {
    let set_up = |world: &mut World| {
        world.tie();
        V6.set_up(world)
    };
    inside("verdicts::every_endpoint_of_ipv6_gets_its_verdict", set_up, || {
        let run = Run::new(V6.targets, &Scene::ports(), pace(20_000));
        run.finish();
        V6.check(&run);
    });
}

#[test]
fn loss_delay_duplicates_and_disorder_change_no_verdict_and_are_measured() {
    let set_up = |world: &mut World| {
        world.tie_by("delay=5 loss=2 duplicate=3 reorder=5");
        V4.set_up(world)
    };
    let test = "verdicts::loss_delay_duplicates_and_disorder_change_no_verdict_and_are_measured";
    inside(test, set_up, || {
        let run = Run::new(V4.targets, &Scene::ports(), pace(20_000));
        let report = run.finish();
        V4.check(&run);
        assert!(report.n_duplicates > 0, "{report:?}");
        // 3.96 % of questions or answers get lost; the limit of a few hundred measured is wide.
        assert!((0.02..0.12).contains(&report.loss_at_most), "{report:?}");
    });
}
