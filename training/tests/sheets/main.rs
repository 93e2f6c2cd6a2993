//! The training workbook: what clerks write, what comes of it, what they get back.

mod certificates;
mod forms;
mod people;
mod posts;
mod properties;
mod terms;
mod world;
