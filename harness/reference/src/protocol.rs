//! The benchmark's side of Criterion's runner protocol: hello, then frames of CBOR, as Criterion 0.8 sends them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const RUNNER_MAGIC: &[u8] = b"cargo-criterion";
/// Magic, version 0.8.2, protocol version 1, CBOR.
const HELLO: &[u8] = b"Criterion\x00\x08\x02\x00\x01\x00\x00";

/// The runner at the other end of the socket.
pub struct Runner {
    stream: TcpStream,
}

impl Runner {
    /// Connects to the port in `CARGO_CRITERION_PORT` and exchanges greetings.
    pub fn connect() -> io::Result<Runner> {
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
        #[expect(
            clippy::disallowed_methods,
            reason = "this program is told its runner's port in the environment"
        )]
        let port = std::env::var("CARGO_CRITERION_PORT");
        let port: u16 = port
            .ok()
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| invalid("this program is started by a runner, which sets CARGO_CRITERION_PORT"))?;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        let mut greeting = [0u8; RUNNER_MAGIC.len() + 3];
        stream.read_exact(&mut greeting)?;
        if !greeting.starts_with(RUNNER_MAGIC) {
            return Err(invalid("the runner does not speak Criterion's protocol"));
        }
        stream.write_all(HELLO)?;
        Ok(Runner { stream })
    }

    /// Announces the warm-up.
    pub fn warm_up_begins(&mut self, id: &str, lasts: Duration) -> io::Result<()> {
        let fields = [("id", benchmark_id(id)), ("nanos", Cbor::float(lasts.as_nanos() as f64))];
        self.send(&message("Warmup", &fields))
    }

    /// Announces the measurement.
    pub fn measurement_begins(&mut self, id: &str, iterations: &[u64], mean_ns: f64) -> io::Result<()> {
        let total: u64 = iterations.iter().sum();
        let fields = [
            ("id", benchmark_id(id)),
            ("sample_count", Cbor::unsigned(iterations.len() as u64)),
            ("estimate_ns", Cbor::float(mean_ns * total as f64)),
            ("iter_count", Cbor::unsigned(total)),
        ];
        self.send(&message("MeasurementStart", &fields))
    }

    /// Hands over the raw numbers, and waits until the runner lets this process go on.
    pub fn measurement_is_over(
        &mut self,
        id: &str,
        iterations: &[u64],
        times_ns: &[u64],
        measurement: Duration,
    ) -> io::Result<()> {
        let list = |values: &[u64]| Cbor::array(values.iter().map(|&value| Cbor::float(value as f64)));
        let flat = iterations.first() == iterations.last();
        let time = [
            ("secs", Cbor::unsigned(measurement.as_secs())),
            ("nanos", Cbor::unsigned(measurement.subsec_nanos().into())),
        ];
        let fields = [
            ("id", benchmark_id(id)),
            ("iters", list(iterations)),
            ("times", list(times_ns)),
            ("sampling_method", Cbor::text(if flat { "Flat" } else { "Linear" })),
            ("benchmark_config", Cbor::map(&[("measurement_time", Cbor::map(&time))])),
        ];
        self.send(&message("MeasurementComplete", &fields))?;
        self.wait_for_continue()
    }

    /// Ends the group of one benchmark, and waits until the runner lets this process go on.
    pub fn group_is_over(&mut self, id: &str) -> io::Result<()> {
        self.send(&message("FinishedBenchmarkGroup", &[("group", Cbor::text(id))]))?;
        self.wait_for_continue()
    }

    /// The length goes ahead in a packet of its own, as Criterion does it.
    fn send(&mut self, message: &Cbor) -> io::Result<()> {
        let length =
            u32::try_from(message.0.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        self.stream.write_all(&length.to_be_bytes())?;
        self.stream.write_all(&message.0)
    }

    fn wait_for_continue(&mut self) -> io::Result<()> {
        let mut length = [0u8; 4];
        self.stream.read_exact(&mut length)?;
        let mut answer = vec![0u8; u32::from_be_bytes(length).min(1 << 16) as usize];
        self.stream.read_exact(&mut answer)
    }
}

/// The id of a benchmark that is a group by itself.
fn benchmark_id(id: &str) -> Cbor {
    let fields = [
        ("group_id", Cbor::text(id)),
        ("function_id", Cbor::null()),
        ("value_str", Cbor::null()),
        ("throughput", Cbor::array([].into_iter())),
    ];
    Cbor::map(&fields)
}

fn message(name: &str, fields: &[(&str, Cbor)]) -> Cbor {
    Cbor::map(&[(name, Cbor::map(fields))])
}

/// A value in CBOR (RFC 8949), as far as the messages need it.
#[derive(Clone, Debug, PartialEq)]
struct Cbor(Vec<u8>);

impl Cbor {
    /// A head: the major type and a length or value.
    fn head(major: u8, value: u64) -> Cbor {
        let major = major << 5;
        let bytes = value.to_be_bytes();
        Cbor(match value {
            0..24 => vec![major | value as u8],
            24..0x100 => vec![major | 24, bytes[7]],
            0x100..0x1_0000 => [&[major | 25], &bytes[6..]].concat(),
            0x1_0000..0x1_0000_0000 => [&[major | 26], &bytes[4..]].concat(),
            _ => [&[major | 27], &bytes[..]].concat(),
        })
    }

    fn unsigned(value: u64) -> Cbor {
        Cbor::head(0, value)
    }

    fn float(value: f64) -> Cbor {
        Cbor([&[0xfb], &value.to_be_bytes()[..]].concat())
    }

    fn null() -> Cbor {
        Cbor(vec![0xf6])
    }

    fn text(text: &str) -> Cbor {
        let mut bytes = Cbor::head(3, text.len() as u64).0;
        bytes.extend_from_slice(text.as_bytes());
        Cbor(bytes)
    }

    fn array(items: impl ExactSizeIterator<Item = Cbor>) -> Cbor {
        let mut bytes = Cbor::head(4, items.len() as u64).0;
        items.for_each(|item| bytes.extend(item.0));
        Cbor(bytes)
    }

    fn map(fields: &[(&str, Cbor)]) -> Cbor {
        let mut bytes = Cbor::head(5, fields.len() as u64).0;
        for (name, value) in fields {
            bytes.extend(Cbor::text(name).0);
            bytes.extend_from_slice(&value.0);
        }
        Cbor(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_standards_examples() {
        // RFC 8949, appendix A.
        assert_eq!(Cbor::unsigned(23).0, [0x17]);
        assert_eq!(Cbor::unsigned(24).0, [0x18, 0x18]);
        assert_eq!(Cbor::unsigned(1000).0, [0x19, 0x03, 0xe8]);
        assert_eq!(Cbor::unsigned(1_000_000).0, [0x1a, 0x00, 0x0f, 0x42, 0x40]);
        assert_eq!(Cbor::unsigned(1_000_000_000_000).0, [0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]);
        assert_eq!(Cbor::float(1.1).0, [0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]);
        assert_eq!(Cbor::text("IETF").0, *b"\x64IETF");
        assert_eq!(Cbor::map(&[("a", Cbor::unsigned(1))]).0, *b"\xa1\x61a\x01");
    }

    #[test]
    fn a_message_begins_with_its_name() {
        assert!(message("Warmup", &[]).0.starts_with(b"\xa1\x66Warmup"));
        assert!(message("MeasurementStart", &[]).0.starts_with(b"\xa1\x70MeasurementStart"));
    }
}
