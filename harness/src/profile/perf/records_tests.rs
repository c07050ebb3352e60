//! The reader of kernel records, against records made by hand, damaged and made up.

use proptest::prelude::*;

use super::*;

fn record(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_ne_bytes().to_vec();
    bytes.extend(2u16.to_ne_bytes());
    bytes.extend(((HEADER + body.len()) as u16).to_ne_bytes());
    bytes.extend(body);
    bytes
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn sample_bytes(sample: &Sample) -> Vec<u8> {
    let mut body = words(&[sample.chain.first().copied().unwrap_or(0)]);
    body.extend([sample.pid, 77].iter().flat_map(|number| number.to_ne_bytes()));
    body.extend(words(&[sample.time_ns]));
    let mut chain = Vec::new();
    if sample.in_kernel {
        chain.extend([sys::PERF_CONTEXT_KERNEL, 0xffff_ffff_8100_0000]);
    }
    chain.push(sys::PERF_CONTEXT_USER);
    chain.extend(&sample.chain);
    body.extend(words(&[chain.len() as u64]));
    body.extend(words(&chain));
    match sample.registers {
        None => body.extend(words(&[0])),
        Some(Registers { bp, sp, ip }) => body.extend(words(&[2, bp, sp, ip])),
    }
    let room = sample.stack.len().next_multiple_of(8) + 16;
    body.extend(words(&[room as u64]));
    body.extend(&sample.stack);
    body.resize(body.len() + room - sample.stack.len(), 0xee);
    body.extend(words(&[sample.stack.len() as u64]));
    record(sys::PERF_RECORD_SAMPLE, &body)
}

#[test]
fn a_mapping_is_read_with_its_name() {
    let mut body = [5u32, 6].iter().flat_map(|number| number.to_ne_bytes()).collect::<Vec<u8>>();
    body.extend(words(&[0x5000, 0x2000, 0x1000]));
    body.extend([0; 32]);
    body.extend(b"/a b/lib.so\0\0\0\0\0");
    let expected =
        Mapping { pid: 5, address: 0x5000, len: 0x2000, file_offset: 0x1000, path: "/a b/lib.so".into() };
    assert_eq!(parse(&record(sys::PERF_RECORD_MMAP2, &body)), Record::Mapping(expected));
}

#[test]
fn what_was_lost_is_counted_and_what_is_unknown_is_passed_over() {
    assert_eq!(parse(&record(sys::PERF_RECORD_LOST, &words(&[1, 42]))), Record::Lost(42));
    assert_eq!(parse(&record(sys::PERF_RECORD_LOST_SAMPLES, &words(&[43]))), Record::Lost(43));
    assert_eq!(parse(&record(sys::PERF_RECORD_THROTTLE, &words(&[1, 2, 3]))), Record::Other);
}

prop_compose! {
    fn any_sample()(
        pid in 0u32..9, time_ns in any::<u64>(), in_kernel in any::<bool>(),
        chain in proptest::collection::vec(0u64..1 << 47, 0..20),
        registers in proptest::option::of(any::<[u64; 3]>()),
        stack in proptest::collection::vec(any::<u8>(), 0..100),
    ) -> Sample {
        let registers = registers.map(|[bp, sp, ip]| Registers { bp, sp, ip });
        Sample { pid, time_ns, in_kernel, chain, registers, stack }
    }
}

proptest! {
    #[test]
    fn a_sample_comes_back_as_it_was_written(sample in any_sample()) {
        prop_assert_eq!(parse(&sample_bytes(&sample)), Record::Sample(sample));
    }

    #[test]
    fn a_cut_sample_is_never_taken_for_a_whole_one(sample in any_sample(), cut in any::<prop::sample::Index>()) {
        let bytes = sample_bytes(&sample);
        prop_assert_eq!(parse(&bytes[..cut.index(bytes.len())]), Record::Other);
    }

    #[test]
    fn damaged_records_never_panic(sample in any_sample(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9)) {
        let mut bytes = sample_bytes(&sample);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = parse(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }
}
