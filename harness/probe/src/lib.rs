//! The clock hook that lets two benchmark processes take turns.
