//! The ledger as it is written down in a record: one column of integers for each field, a third of the size of one object
//! for each epoch. A field that no epoch has is no column; `null` stands where single epochs lack it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::{Map, Value};

use super::LedgerEntry;

/// One column for each field of an epoch's entry, all of the same length; place k of every column is the k-th epoch in
/// time order. The fields: `suite`, `epoch`, `wall_us`, `steal_ticks`, and the others of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Columns(BTreeMap<String, Vec<Option<u64>>>);

impl Columns {
    fn of(entries: &[LedgerEntry]) -> serde_json::Result<Columns> {
        let mut columns = BTreeMap::<String, Vec<Option<u64>>>::new();
        for (k, entry) in entries.iter().enumerate() {
            let Value::Object(fields) = serde_json::to_value(entry)? else { continue };
            for (name, value) in fields {
                let column = columns.entry(name).or_insert_with(|| vec![None; entries.len()]);
                column[k] = value.as_u64();
            }
        }
        Ok(Columns(columns))
    }

    fn entries(&self) -> Result<Vec<LedgerEntry>, String> {
        let len = self.0.values().map(Vec::len).max().unwrap_or(0);
        if let Some((name, column)) = self.0.iter().find(|(_, column)| column.len() != len) {
            return Err(format!("{} values of `{name}` for {len} epochs", column.len()));
        }
        let entry = |k: usize| {
            let field =
                |(name, column): (&String, &Vec<Option<u64>>)| Some((name.clone(), column[k]?.into()));
            let fields: Map<String, Value> = self.0.iter().filter_map(field).collect();
            serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
        };
        (0..len).map(entry).collect()
    }

    /// Writes a ledger as columns.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(entries: &[LedgerEntry], serializer: S) -> Result<S::Ok, S::Error> {
        Columns::of(entries).map_err(S::Error::custom)?.0.serialize(serializer)
    }

    /// Reads a ledger from columns.
    ///
    /// # Errors
    /// When the columns do not fit together, or one is unknown.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<LedgerEntry>, D::Error> {
        Columns(BTreeMap::deserialize(deserializer)?).entries().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told() -> impl Strategy<Value = Option<u64>> {
        proptest::option::of(any::<u64>())
    }

    fn entry() -> impl Strategy<Value = LedgerEntry> {
        (0u64..3, any::<u64>(), told(), told(), told()).prop_map(|(suite, epoch, steal, pressure, load)| {
            LedgerEntry {
                suite,
                epoch,
                wall_us: 120_000,
                steal_ticks: steal,
                pressure_cpu_some_us: pressure,
                load_hundredths: load,
                ..LedgerEntry::default()
            }
        })
    }

    proptest! {
        #[test]
        fn a_ledger_comes_back_as_it_was_written(entries in proptest::collection::vec(entry(), 0..20)) {
            prop_assert_eq!(Columns::of(&entries).unwrap().entries(), Ok(entries));
        }
    }

    #[test]
    fn columns_that_do_not_fit_or_are_unknown_are_refused() {
        let read = |text: &str| serde_json::from_str::<Columns>(text).unwrap().entries();
        assert!(
            read(r#"{"suite": [0], "epoch": [1, 2], "wall_us": [5]}"#).unwrap_err().contains("of `epoch`")
                || read(r#"{"suite": [0], "epoch": [1, 2], "wall_us": [5]}"#)
                    .unwrap_err()
                    .contains("of `suite`")
        );
        assert!(read(r#"{"suite": [0], "epoch": [1]}"#).unwrap_err().contains("wall_us"));
        assert!(read(r#"{"suite": [0], "epoch": [1], "wall_us": [5], "moon": [1]}"#).is_err());
    }

    #[test]
    fn an_epoch_with_everything_takes_less_than_150_bytes() {
        let full = LedgerEntry {
            suite: 2,
            epoch: 117,
            wall_us: 352_118,
            steal_ticks: Some(1),
            bench_busy_ticks: Some(35),
            bench_own_us: Some(341_567),
            coordinator_busy_ticks: Some(3),
            coordinator_own_us: Some(21_344),
            voluntary_switches: Some(4_512),
            involuntary_switches: Some(3),
            migrations: Some(0),
            minor_faults: Some(2_618),
            major_faults: Some(0),
            pressure_cpu_some_us: Some(12_345),
            pressure_cpu_full_us: Some(0),
            pressure_memory_some_us: Some(0),
            pressure_memory_full_us: Some(0),
            pressure_io_some_us: Some(315),
            pressure_io_full_us: Some(201),
            thermal_throttles: Some(0),
            temperature_millicelsius: Some(54_000),
            frequency_khz: Some(3_600_000),
            load_hundredths: Some(189),
            runnable: Some(4),
            cgroup_throttles: Some(0),
            cgroup_throttled_us: Some(0),
        };
        let text =
            |n: usize| serde_json::to_string(&Columns::of(&vec![full.clone(); n]).unwrap()).unwrap().len();
        assert!((text(101) - text(1)) / 100 < 150, "{} bytes an epoch", (text(101) - text(1)) / 100);
    }
}
