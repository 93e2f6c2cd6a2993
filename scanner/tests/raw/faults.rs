//! What goes wrong on our own side while a run is under way.

use std::collections::BTreeSet;

use model::observation::PortState;

use super::world::{Run, World, inside, ip, n_sent, pace, until};

const OPEN: [u16; 6] = [110, 900, 2_500, 4_999, 7_777, 9_999];

#[test]
fn interface_that_goes_down_for_a_while_costs_nothing() {
    let set_up = |world: &mut World| {
        world.tie();
        world.listen(OPEN);
        true
    };
    inside("faults::interface_that_goes_down_for_a_while_costs_nothing", set_up, || {
        let run = Run::new("10.98.1.1", "101-10100", pace(5_000));
        let before = n_sent();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                until("the run is under way", || n_sent() > before + 2_000);
                ip("link set near down");
                let at_down = n_sent();
                // Long enough for the engine to notice more than once.
                std::thread::sleep(std::time::Duration::from_millis(400));
                assert_eq!(n_sent(), at_down, "nothing goes out of an interface that is down");
                ip("link set near up");
            });
            run.finish();
        });
        let open: BTreeSet<u16> = run
            .states()
            .into_iter()
            .filter(|(_, state)| *state == PortState::Open)
            .map(|((_, port), _)| port)
            .collect();
        assert_eq!(open, OPEN.into_iter().collect());
        let n_closed = run.states().values().filter(|&&state| state == PortState::Closed).count();
        assert_eq!(n_closed, 10_000 - OPEN.len(), "what was under way as it went down is asked again");
    });
}
