//! The metrics that a run has of a benchmark, by the names that systems for release quality know them by.

use schemars::JsonSchema;
use serde::Serialize;

/// What is measured of one side of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Time of an iteration, over all iterations.
    LatencyMsAvg,
    /// Time of an iteration in the turn that half of all turns are faster than.
    LatencyMsP50,
    /// The same of 95 % of all turns.
    LatencyMsP95,
    /// The same of 99 %.
    LatencyMsP99,
    /// Iterations in a second, over all iterations.
    ThroughputOpsSec,
    /// 1 where it failed, else 0.
    ErrorRate,
    /// Processor time of all threads for a hundred of wall time.
    CpuPercent,
    /// Peak of resident memory.
    MemoryMb,
    /// From and to storage.
    DiskIoMbps,
    /// Through the socket calls.
    NetworkMbps,
    /// Instructions of an iteration, counted on an emulated processor.
    Instructions,
}

impl Metric {
    /// All of them, in the order in which they are told.
    pub const ALL: [Metric; 11] = [
        Metric::LatencyMsAvg,
        Metric::LatencyMsP50,
        Metric::LatencyMsP95,
        Metric::LatencyMsP99,
        Metric::ThroughputOpsSec,
        Metric::ErrorRate,
        Metric::CpuPercent,
        Metric::MemoryMb,
        Metric::DiskIoMbps,
        Metric::NetworkMbps,
        Metric::Instructions,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Metric::LatencyMsAvg => "latency_ms_avg",
            Metric::LatencyMsP50 => "latency_ms_p50",
            Metric::LatencyMsP95 => "latency_ms_p95",
            Metric::LatencyMsP99 => "latency_ms_p99",
            Metric::ThroughputOpsSec => "throughput_ops_sec",
            Metric::ErrorRate => "error_rate",
            Metric::CpuPercent => "cpu_percent",
            Metric::MemoryMb => "memory_mb",
            Metric::DiskIoMbps => "disk_io_mbps",
            Metric::NetworkMbps => "network_mbps",
            Metric::Instructions => "instructions",
        }
    }

    /// The metrics that a name means: one, or all that begin with it and an underscore, as `latency_ms`.
    pub fn named(name: &str) -> Vec<Metric> {
        let means = |metric: &Metric| {
            let rest = metric.name().strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        Metric::ALL.into_iter().filter(means).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_metric_or_a_family() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), [metric]);
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
        assert_eq!(Metric::named("latency_ms").len(), 4);
        assert_eq!(Metric::named("latency"), Metric::named("latency_ms"));
        assert!(Metric::named("lat").is_empty() && Metric::named("").is_empty());
    }
}
