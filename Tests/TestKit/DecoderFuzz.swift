import Foundation
import Synchronization

/// Feeds a decoder with inputs that are nearly right: valid samples, changed in a few places, with extreme numbers put in.
///
/// A trap ends the process; `FITAI_FUZZ_SEED`, printed before, repeats the run. An input that takes the processor for longer
/// than `mostMilliseconds`, and a run that the process has grown by more than `mostGrowthKiB` in, fail the test. A watchdog
/// prints an input that the decoder does not come back from and ends the process.
package struct DecoderFuzz: Sendable {
    /// Why a run fails although the decoder has answered everything.
    package enum Fault: Error, CustomStringConvertible {
        case slow(name: String, milliseconds: Int, input: [UInt8])
        case grown(name: String, kibibytes: Int)

        package var description: String {
            switch self {
            case .slow(let name, let milliseconds, let input):
                "\(name) takes \(milliseconds) ms of the processor for: \(Data(input).base64EncodedString())"
            case .grown(let name, let kibibytes): "\(name) has grown the process by \(kibibytes) KiB"
            }
        }
    }

    /// Inputs of one run; FITAI_FUZZ_INPUTS sets another number.
    package static let inputs = number("FITAI_FUZZ_INPUTS") ?? 100_000
    /// What a decoder may have grown the process by in one run, in KiB, whatever came in.
    ///
    /// AddressSanitizer keeps red zones around every block and a shadow of what was ever touched.
    package static let mostGrowthKiB = isSanitized ? 256 * 1024 : 64 * 1024
    /// What one input may take, in milliseconds of the thread's own time: what else the machine does is not in it.
    package static let mostMilliseconds = isSanitized ? 1000 : 100
    private static let isSanitized = dlsym(nil, "__asan_init") != nil
    private static let seed = UInt64(number("FITAI_FUZZ_SEED") ?? Int.random(in: 1...1_000_000_000))

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    package let name: String
    package let samples: [[UInt8]]
    package let mostBytes: Int

    package init(_ name: String, samples: [[UInt8]], mostBytes: Int = 400) {
        self.name = name
        self.samples = samples
        self.mostBytes = mostBytes
    }

    package init(_ name: String, texts: [String], mostBytes: Int = 400) {
        self.init(name, samples: texts.map { Array($0.utf8) }, mostBytes: mostBytes)
    }

    /// Gives the decoder every input. Throws `Fault`, and what `decode` throws.
    package func run(
        _ inputs: Int = DecoderFuzz.inputs, _ decode: (_ input: [UInt8], _ random: inout SplitMix64) throws -> Void
    ) async throws {
        print("decoder fuzz: \(name), FITAI_FUZZ_SEED=\(Self.seed), \(inputs) inputs")
        let growth = try await ProcessMemory.growthKiB { try feed(inputs, decode) }
        guard growth <= Self.mostGrowthKiB else { throw Fault.grown(name: name, kibibytes: growth) }
    }

    /// Without a suspension, so that one thread's time is all of it.
    private func feed(
        _ inputs: Int, _ decode: (_ input: [UInt8], _ random: inout SplitMix64) throws -> Void
    ) throws {
        let clock = ThreadClock.current
        let watchdog = InputWatch(name: name, clock: clock)
        defer { watchdog.end() }
        var random = SplitMix64(state: Self.seed)
        for _ in 0..<inputs {
            let input = self.input(&random)
            watchdog.begin(input)
            let began = clock.milliseconds
            try decode(input, &random)
            let taken = clock.milliseconds - began
            guard taken <= Self.mostMilliseconds else {
                throw Fault.slow(name: name, milliseconds: taken, input: input)
            }
        }
    }

    private func input(_ random: inout SplitMix64) -> [UInt8] {
        var input = samples[random.below(samples.count)]
        // Some inputs stay as they are: what decoders do behind their first check is reached too.
        for _ in 0..<random.below(5) { change(&input, &random) }
        if input.count > mostBytes { input.removeLast(input.count - mostBytes) }
        return input
    }

    private func change(_ input: inout [UInt8], _ random: inout SplitMix64) {
        let place = random.below(input.count + 1)
        let end = min(input.count, place + 1 + random.below(8))
        switch random.below(9) {
        case 0: if place < input.count { input[place] ^= 1 << UInt8(random.below(8)) }
        case 1: if place < input.count { input[place] = UInt8(truncatingIfNeeded: random.next()) }
        case 2: input.removeSubrange(place..<end)
        case 3: input.insert(contentsOf: input[place..<end], at: place)
        case 4: input.removeLast(input.count - place)
        case 5: input.insert(contentsOf: Self.texts[random.below(Self.texts.count)], at: place)
        case 6:
            let number = Self.bytes[random.below(Self.bytes.count)]
            input.replaceSubrange(place..<min(input.count, place + number.count), with: number)
        case 7:
            let other = samples[random.below(samples.count)]
            let from = random.below(other.count + 1)
            input.insert(contentsOf: other[from..<min(other.count, from + 16)], at: place)
        default: replaceNumber(&input, from: place, &random)
        }
    }

    /// Puts an extreme number in place of the next one that stands there in digits.
    private func replaceNumber(_ input: inout [UInt8], from place: Int, _ random: inout SplitMix64) {
        let isDigit: (UInt8) -> Bool = { (48...57).contains($0) }
        guard let start = input[place...].firstIndex(where: isDigit) else { return }
        let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
        input.replaceSubrange(start..<end, with: Self.texts[random.below(Self.numberCount)])
    }

    private static let numbers = [
        "0", "-0", "1", "-1", "9", "60", "61", "99", "255", "256", "999", "9999", "10000", "65535", "65536",
        "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "170141183460469231731687303715884105728",
        "922337203685477580700", "1e400", "-1e400", "1e-400", "1e99999999999999999999", "0.0000000000000000000001",
        "72.4166666666666666666667", "1000.0000000000000000", "999999999999999999999999999999.5", "1e18", "5e-324",
        "1.7976931348623159e308", "NaN", "Infinity", "00000000000000000001", "+1", "0x7fffffffffffffff", "1_000",
    ]
    private static let numberCount = numbers.count
    private static let texts =
        numbers.map { Array($0.utf8) }
        + [
            "", " ", "\"", "\\", "{", "}", "[", "]", ",", ":", ";", "=", "-", "--", ".", "/", "%", "%00", "\r\n", "\n",
            "\u{0}", "\u{7F}", "\u{200F}", "\u{1F}", "é", "e\u{301}\u{301}\u{301}", "🏋️", "\\ud83d", "\\u0000", "null",
            "true", "W/", "*", "::ffff:127.0.0.1",
        ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]
    private static let bytes: [[UInt8]] = [1, 2, 3, 4, 8].flatMap { width -> [[UInt8]] in
        let rest = [UInt8](repeating: 0, count: width - 1)
        let full = [UInt8](repeating: 0xFF, count: width - 1)
        return [
            rest + [0], rest + [1], full + [0xFF], [0x7F] + full, [0x80] + rest, [1] + rest, [0xFF] + rest,
            full + [0x7F],
            full + [0xFE],
        ]
    }
}

extension SplitMix64 {
    /// A number from 0 up to, but not including, `bound`.
    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}
