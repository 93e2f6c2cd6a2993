//! A network with made faults, for tests and benches only: what a wire between two machines does to frames (`line`),
//! and the carrying of real frames through that (`relay`). The kernels that we test on have no `netem`.

mod line;
mod relay;

pub use line::{Fate, Faults, Line, LineCounters};
pub use relay::{Direction, RelayError, run};
