//! Nothing but a place for the test `instructions`, which counts what the known changes execute.
