/// What is to be done to bring a database from the migrations it has to those we have.
struct MigrationPlan {
    /// A row of the table of applied migrations.
    struct Applied {
        let number: Int
        let name: String
        let checksum: String
    }

    /// In the order to apply them.
    let pending: [Migration]

    /// Throws when the two histories contradict each other; the first contradiction by number is named.
    init(applied: [Applied], known: [Migration]) throws(MigrationError) {
        let known = known.sorted { $0.number < $1.number }
        for (first, second) in zip(known, known.dropFirst()) where first.number == second.number {
            throw .repeated(first.name, second.name)
        }
        let byNumber = Dictionary(uniqueKeysWithValues: known.map { ($0.number, $0) })
        let applied = applied.sorted { $0.number < $1.number }
        for row in applied {
            guard let migration = byNumber[row.number], migration.name == row.name else { throw .unknown(row.name) }
            guard migration.checksum == row.checksum else { throw .changed(row.name) }
        }
        let numbers = Set(applied.map(\.number))
        pending = known.filter { !numbers.contains($0.number) }
        if let first = pending.first, let last = applied.last, first.number < last.number {
            throw .outOfOrder(first.name, applied: last.name)
        }
    }
}
