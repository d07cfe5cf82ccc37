import NIOCore

/// Something that sits in at most one slot of one wheel; the position belongs to the wheel.
protocol WheelEntry: AnyObject {
    var wheelPosition: WheelPosition? { get set }
}

struct WheelPosition {
    fileprivate var slot: Int
    fileprivate var index: Int
}

/// Deadlines of many entries at the cost of one timer: an entry sits in the slot of the tick at which somebody has to
/// look at it. A deadline beyond the wheel's span is looked at earlier and put back, so that deadlines which move
/// away all the time (each read moves a heartbeat) cost nothing until then.
struct TimerWheel<Entry: WheelEntry> {
    private let tick: Int64
    private let start: NIODeadline
    private var slots: [[Entry]]
    /// The ticks that are over; the slot of tick `n` is `n % slots.count`.
    private var passed: Int64 = 0

    /// - Parameters:
    ///   - tick: the resolution; entries come out at most one tick late.
    ///   - slots: the span in ticks.
    init(tick: TimeAmount, slots: Int = 64, start: NIODeadline) {
        self.tick = max(1, tick.nanoseconds)
        self.start = start
        self.slots = Array(repeating: [], count: slots)
    }

    /// Puts `entry` where it comes out at `deadline`, or earlier if that is beyond the span; it leaves its old place.
    mutating func schedule(_ entry: Entry, at deadline: NIODeadline) {
        cancel(entry)
        let due = (deadline - start).nanoseconds / tick + 1
        let slot = Int(min(max(due, passed + 1), passed + Int64(slots.count) - 1) % Int64(slots.count))
        entry.wheelPosition = WheelPosition(slot: slot, index: slots[slot].count)
        slots[slot].append(entry)
    }

    mutating func cancel(_ entry: Entry) {
        guard let position = entry.wheelPosition else { return }
        entry.wheelPosition = nil
        let last = slots[position.slot].removeLast()
        guard last !== entry else { return }
        slots[position.slot][position.index] = last
        last.wheelPosition?.index = position.index
    }

    /// Takes out the entries whose tick is over at `now`; the caller looks at each and schedules it again.
    mutating func advance(to now: NIODeadline) -> [Entry] {
        let current = (now - start).nanoseconds / tick
        var due: [Entry] = []
        let steps = min(current - passed, Int64(slots.count))
        guard steps > 0 else { return due }
        for step in 0..<steps {
            let slot = Int((current - step) % Int64(slots.count))
            for entry in slots[slot] { entry.wheelPosition = nil }
            due.append(contentsOf: slots[slot])
            slots[slot].removeAll()
        }
        passed = current
        return due
    }
}
