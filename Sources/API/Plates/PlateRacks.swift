import Protocol
import Store

/// What athletes own.
struct PlateRacks: Sendable {
    let pool: PostgresPool

    private static let columns: SQL = "barbell_g, ez_bar_g, plates_g, pairs, version"

    private static let read: @Sendable (inout RowReader) throws(StoreError) -> (PlateRack, version: Int) = {
        row throws(StoreError) in
        var rack = PlateRack(
            barbellKg: try row.next(Int?.self).map { Double($0) / 1000 },
            ezBarKg: try row.next(Int?.self).map { Double($0) / 1000 })
        let weights = try row.next([Int]?.self)
        if let weights, let pairs = try row.next([Int]?.self) {
            rack.plates = zip(weights, pairs).map { PlatePairs(weightKg: Double($0) / 1000, pairs: $1) }
        } else {
            _ = try row.next([Int]?.self)
        }
        return (rack, try row.next())
    }

    /// An athlete's rack with the version its entity tag is made of; all as usual for who never told.
    func rack(of user: UserID) async throws -> (PlateRack, version: Int) {
        try await pool.first("select \(Self.columns) from plate_racks where user_id = \(user)", Self.read)
            ?? (PlateRack(), version: 0)
    }

    /// Changes a rack; `check` sees the version before and may throw.
    func change(
        of user: UserID, _ change: PlateRackChange, check: @Sendable (_ version: Int) throws -> Void
    ) async throws -> (PlateRack, version: Int) {
        try await pool.transaction { connection in
            // So that there is a row to lock, also for the first of two at once.
            try connection.execute("insert into plate_racks (user_id) values (\(user)) on conflict do nothing")
            let found = try connection.first(
                "select \(Self.columns) from plate_racks where user_id = \(user) for update", Self.read)
            guard let (before, version) = found else { throw Problem(.notFound) }
            try check(version)
            let after = change.applied(to: before)
            try connection.execute(
                """
                update plate_racks set barbell_g = \(after.barbellKg.map(grams)), ez_bar_g = \(after.ezBarKg.map(grams)),
                    plates_g = \(after.plates?.map { grams($0.weightKg) }), pairs = \(after.plates?.map(\.pairs)),
                    version = version + 1
                where user_id = \(user)
                """)
            return (after, version + 1)
        }
    }
}

/// Whole grams of a weight in kilograms.
private func grams(_ kilograms: Double) -> Int { Int((kilograms * 1000).rounded()) }

extension PlateRack {
    /// What can be loaded with some equipment: bars take the athlete's plates, all else steps of half a kilogram a hand.
    func plates(for equipment: String?) -> PlateSet {
        switch equipment {
        case "barbell": bar(barbellKg, usual: PlateSet.standard.barGrams)
        case "e-z curl bar": bar(ezBarKg, usual: 10_000)
        default: PlateSet(barGrams: 0, pairs: [50_000: 8, 25_000: 2, 10_000: 2, 5000: 2, 2500: 2, 1000: 3, 500: 2])
        }
    }

    private func bar(_ kilograms: Double?, usual: Int64) -> PlateSet {
        let own = plates.map { plates in
            Dictionary(plates.map { (Int64(grams($0.weightKg)), $0.pairs) }, uniquingKeysWith: { first, _ in first })
        }
        return PlateSet(
            barGrams: kilograms.map { Int64(grams($0)) } ?? usual, pairs: own ?? PlateSet.standard.pairs,
            isOwn: kilograms != nil || own != nil)
    }
}
