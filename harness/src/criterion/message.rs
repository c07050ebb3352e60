//! Messages of Criterion's runner protocol, as it speaks it to `cargo-criterion`.
//!
//! A frame is a big-endian `u32` length and a CBOR map with one entry, whose key names the message. The bytes come
//! from a foreign process: anything unknown is ignored, anything malformed is an error, nothing panics.

use ciborium::Value;
use serde::Deserialize;

/// The longest frame that is believed; a benchmark of 100,000 samples needs two megabytes.
pub const LONGEST_FRAME: u32 = 256 << 20;

/// What a benchmark tells its runner.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A group begins; Criterion does not wait.
    GroupBegins,
    /// A group is over; Criterion waits for `Continue`.
    GroupEnds,
    /// A benchmark that matches the filter is next.
    BenchmarkBegins(String),
    /// A benchmark does not match the filter.
    Skipped(String),
    /// The warm-up is next.
    WarmUp {
        /// The benchmark's id.
        id: String,
        /// How long Criterion means to warm up.
        warm_up_ns: f64,
    },
    /// The measurement is next.
    MeasurementBegins {
        /// Number of samples.
        samples: u64,
        /// Iterations over all samples.
        iterations: u64,
    },
    /// The raw numbers; Criterion waits for `Continue`.
    Measured(Measured),
    /// Something that this reader does not know.
    Unknown,
}

/// The raw numbers of one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The benchmark's id.
    pub id: String,
    /// Iterations of each sample.
    pub iterations: Vec<u64>,
    /// Time of each sample.
    pub elapsed_ns: Vec<u64>,
    /// Whether all samples have the same number of iterations.
    pub flat: bool,
    /// The measurement time that Criterion was configured with.
    pub measurement_ns: f64,
}

#[derive(Deserialize)]
struct RawId {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

impl RawId {
    /// The id as Criterion prints it and matches filters against.
    fn joined(self) -> String {
        [Some(self.group_id), self.function_id, self.value_str]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("/")
    }
}

#[derive(Deserialize)]
struct WithId {
    id: RawId,
}

#[derive(Deserialize)]
struct RawWarmUp {
    id: RawId,
    nanos: f64,
}

#[derive(Deserialize)]
struct RawMeasurementStart {
    sample_count: u64,
    iter_count: u64,
}

#[derive(Deserialize)]
struct RawMeasurementComplete {
    id: RawId,
    iters: Vec<f64>,
    times: Vec<f64>,
    sampling_method: String,
    benchmark_config: RawConfig,
}

#[derive(Deserialize)]
struct RawConfig {
    measurement_time: RawDuration,
}

#[derive(Deserialize)]
struct RawDuration {
    secs: u64,
    nanos: u32,
}

/// Reads one message.
///
/// # Errors
/// Says what is malformed.
pub fn decode(frame: &[u8]) -> Result<Message, String> {
    let value: Value = ciborium::from_reader(frame).map_err(|error| format!("not CBOR: {error}"))?;
    let Value::Map(entries) = value else { return Err("not a CBOR map".into()) };
    let [(Value::Text(name), body)] = <[(Value, Value); 1]>::try_from(entries)
        .map_err(|entries| format!("a map of {} entries instead of one", entries.len()))?
    else {
        return Err("a message without a name".into());
    };
    match name.as_str() {
        "BeginningBenchmarkGroup" => Ok(Message::GroupBegins),
        "FinishedBenchmarkGroup" => Ok(Message::GroupEnds),
        "BeginningBenchmark" => Ok(Message::BenchmarkBegins(read::<WithId>(&name, &body)?.id.joined())),
        "SkippingBenchmark" => Ok(Message::Skipped(read::<WithId>(&name, &body)?.id.joined())),
        "Warmup" => {
            let raw: RawWarmUp = read(&name, &body)?;
            Ok(Message::WarmUp { id: raw.id.joined(), warm_up_ns: raw.nanos })
        }
        "MeasurementStart" => {
            let raw: RawMeasurementStart = read(&name, &body)?;
            Ok(Message::MeasurementBegins { samples: raw.sample_count, iterations: raw.iter_count })
        }
        "MeasurementComplete" => read(&name, &body).and_then(measured).map(Message::Measured),
        _ => Ok(Message::Unknown),
    }
}

fn read<T: for<'de> Deserialize<'de>>(name: &str, body: &Value) -> Result<T, String> {
    body.deserialized().map_err(|error| format!("`{name}`: {error}"))
}

fn measured(raw: RawMeasurementComplete) -> Result<Measured, String> {
    if raw.iters.len() != raw.times.len() {
        return Err(format!("{} iteration counts for {} times", raw.iters.len(), raw.times.len()));
    }
    let config = raw.benchmark_config.measurement_time;
    Ok(Measured {
        id: raw.id.joined(),
        iterations: raw.iters.into_iter().map(whole).collect::<Result<_, _>>()?,
        elapsed_ns: raw.times.into_iter().map(whole).collect::<Result<_, _>>()?,
        flat: raw.sampling_method == "Flat",
        measurement_ns: config.secs as f64 * 1e9 + f64::from(config.nanos),
    })
}

/// Criterion sends integers as floating point; below 2^53 they are exact.
fn whole(value: f64) -> Result<u64, String> {
    if value.is_finite() && (0.0..9e15).contains(&value) {
        Ok(value.round() as u64)
    } else {
        Err(format!("{value} is not a count or a time"))
    }
}

/// The answer that lets Criterion go on, as a whole frame.
pub fn continue_frame() -> Vec<u8> {
    // A unit variant is its name as CBOR text: major type 3, length 8.
    let mut frame = vec![0, 0, 0, 9, 0x68];
    frame.extend_from_slice(b"Continue");
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(s: &str) -> Value {
        Value::Text(s.into())
    }

    fn id() -> (Value, Value) {
        let fields = vec![
            (text("group_id"), text("g")),
            (text("function_id"), Value::Null),
            (text("value_str"), text("7")),
            (text("throughput"), Value::Array(vec![])),
        ];
        (text("id"), Value::Map(fields))
    }

    fn frame(name: &str, body: Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(&Value::Map(vec![(text(name), body)]), &mut bytes).unwrap();
        bytes
    }

    fn complete(times: Vec<Value>) -> Vec<u8> {
        let duration =
            Value::Map(vec![(text("secs"), Value::from(5)), (text("nanos"), Value::from(500_000_000))]);
        let body = vec![
            id(),
            (text("iters"), Value::Array(vec![Value::Float(10.0), Value::Float(20.0)])),
            (text("times"), Value::Array(times)),
            (text("sampling_method"), text("Linear")),
            (text("benchmark_config"), Value::Map(vec![(text("measurement_time"), duration)])),
        ];
        frame("MeasurementComplete", Value::Map(body))
    }

    #[test]
    fn a_measurement_is_read_with_its_raw_integers() {
        let Ok(Message::Measured(measured)) =
            decode(&complete(vec![Value::Float(123.0), Value::Float(246.0)]))
        else {
            panic!("not read")
        };
        assert_eq!(measured.id, "g/7");
        assert_eq!(measured.iterations, [10, 20]);
        assert_eq!(measured.elapsed_ns, [123, 246]);
        assert_eq!(measured.measurement_ns, 5.5e9);
    }

    #[test]
    fn uneven_lists_and_impossible_times_are_errors() {
        assert!(decode(&complete(vec![Value::Float(1.0)])).is_err());
        assert!(decode(&complete(vec![Value::Float(1.0), Value::Float(f64::NAN)])).is_err());
        assert!(decode(&complete(vec![Value::Float(1.0), Value::Float(-1.0)])).is_err());
    }

    #[test]
    fn an_unknown_message_is_ignored() {
        assert_eq!(decode(&frame("SomethingNew", Value::Null)), Ok(Message::Unknown));
    }

    #[test]
    fn continue_is_the_name_of_a_unit_variant() {
        let value: Value = ciborium::from_reader(&continue_frame()[4..]).unwrap();
        assert_eq!(value, text("Continue"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn a_damaged_message_never_panics(at in 0usize..200, byte in any::<u8>(), cut in 0usize..200) {
            let mut bytes = complete(vec![Value::Float(1.0), Value::Float(2.0)]);
            let len = bytes.len();
            bytes[at % len] = byte;
            bytes.truncate(len - cut % len);
            let _ = decode(&bytes);
        }
    }
}
