//! Samples to estimate to comparison to verdict; pure.
