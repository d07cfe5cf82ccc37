extension WorkoutState {
    /// 16 hexadecimal digits that agree between everyone who folded the same shared events.
    ///
    /// Two 32-bit lanes run over the members as 32-bit words (so that pages compute it fast): lane A is FNV-1a by words, lane B
    /// rotates by 5 and multiplies by 0x9E3779B1. An integer is its low word, then its high word; an absent one is the single
    /// word 0xFFFFFFFF, a present one is preceded by the word 1; a string is its UTF-8 length, then a word a byte; a flag is 0 or 1.
    /// Notes are left out: watchers do not see their text. An entry's body load counts only where it is present, so that
    /// histories from before there was one keep their hash.
    public var stateHash: String {
        var hash = WordHash()
        hash.add(status.rawValue)
        hash.add(name)
        hash.add(visibility?.rawValue)
        hash.add(plannedFor)
        hash.add(startedAt?.milliseconds)
        hash.add(endedAt?.milliseconds)
        hash.add(pausedAt?.milliseconds)
        hash.add(pausedMilliseconds)
        hash.add(restingMilliseconds)
        hash.add(rpeTenths)
        hash.add(lastAt.milliseconds)
        hash.add(rest?.startedAt.milliseconds)
        hash.add(rest?.endsAt.milliseconds)
        hash.add(rest?.isRunning ?? false)
        hash.add(Int64(entries.count))
        for entry in entries { entry.add(to: &hash) }
        return hash.text
    }
}

extension WorkoutState.Entry {
    fileprivate func add(to hash: inout WordHash) {
        hash.add(id.description)
        hash.add(exerciseId?.description)
        hash.add(name)
        for muscles in [primaryMuscles, secondaryMuscles] {
            hash.add(Int64(muscles.count))
            for muscle in muscles { hash.add(muscle) }
        }
        hash.add(supersetGroup)
        hash.add(restMilliseconds)
        if let bodyLoadGrams { hash.add(Int64?(bodyLoadGrams)) }
        hash.add(isRemoved)
        hash.add(Int64(sets.count))
        for set in sets {
            hash.add(set.id.description)
            hash.add(set.values.type.rawValue)
            hash.add(set.values.weightGrams)
            hash.add(set.values.reps)
            hash.add(set.values.rpeTenths)
            hash.add(set.values.rir)
            hash.add(set.values.durationMilliseconds)
            hash.add(set.values.distanceMillimeters)
            hash.add(set.values.side?.rawValue)
            hash.add(set.loggedAt.milliseconds)
            hash.add(set.changedAt.milliseconds)
            hash.add(set.isDeleted)
        }
    }
}

private struct WordHash {
    private var laneA: UInt32 = 0x811C_9DC5
    private var laneB: UInt32 = 0x0000_0000

    private mutating func add(word: UInt32) {
        laneA = (laneA ^ word) &* 0x0100_0193
        laneB = ((laneB << 5 | laneB >> 27) ^ word) &* 0x9E37_79B1
    }

    mutating func add(_ value: Int64) {
        add(word: UInt32(truncatingIfNeeded: value))
        add(word: UInt32(truncatingIfNeeded: value >> 32))
    }

    mutating func add(_ value: Int64?) {
        guard let value else { return add(word: 0xFFFF_FFFF) }
        add(word: 1)
        add(value)
    }

    mutating func add(_ value: String) {
        add(word: UInt32(value.utf8.count))
        for byte in value.utf8 { add(word: UInt32(byte)) }
    }

    mutating func add(_ value: String?) {
        guard let value else { return add(word: 0xFFFF_FFFF) }
        add(word: 1)
        add(value)
    }

    mutating func add(_ value: Bool) { add(word: value ? 1 : 0) }

    var text: String {
        func hex(_ lane: UInt32) -> String {
            let digits = String(lane, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
        return hex(laneA) + hex(laneB)
    }
}
