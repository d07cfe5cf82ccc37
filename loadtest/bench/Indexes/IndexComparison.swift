import API
import ArgumentParser
import Foundation
import Logging
import Protocol
import Realtime
import Server
import Store

/// Hot statements with their indexes and without any, on the database that `fitai-seed` filled.
struct IndexComparison: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "indexes",
        abstract: "Hot statements with their indexes and without: medians, side by side.",
        discussion: "Reads DATABASE_URL and DATA_DIR like the server. The database has to be filled by fitai-seed.")

    @Option(help: "How often each statement runs with its index; without it a third as often.")
    var runs = 9

    func validate() throws {
        guard (3...1000).contains(runs) else { throw ValidationError("--runs must be 3…1000") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = Logger(label: "fitai-bench")
        let storage = try Configuration(environment: environment).storage
        let isFaster = try await OwnDatabase.with(storage, environment: environment, logger: logger) { database in
            // Without an index a statement may take longer than a request's may.
            var configuration = database.configuration
            configuration.statementDeadline = .seconds(120)
            let pool = PostgresPool(configuration: configuration, logger: logger)
            let result: Result<Bool, any Error>
            do { result = .success(try await compare(on: pool)) } catch { result = .failure(error) }
            await pool.close()
            return try result.get()
        }
        guard isFaster else { throw ExitCode.failure }
    }

    /// Prints the table; answers whether every statement uses an index and is the faster for it.
    private func compare(on pool: PostgresPool) async throws -> Bool {
        let statements = try await HotStatement.all(on: pool)
        let sets = try await pool.first("select count(*) from workout_sets", as: Int.self) ?? 0
        print(
            "hot statements as the heaviest user, \(sets) sets in all, medians of \(runs) and \(max(3, runs / 3)) runs")
        func line(_ columns: String...) {
            let widths = [38, 12, 12, 9]
            let cells = zip(columns, widths).map { cell, width in
                let padding = String(repeating: " ", count: max(0, width - cell.count))
                return width == 38 ? cell + padding : padding + cell
            }
            print((cells + columns.dropFirst(widths.count)).joined(separator: " "))
        }
        line("statement", "with ms", "without ms", "ratio", " index")
        var isFaster = true
        for statement in statements {
            let with = try await times(statement.sql, runs: runs, hasIndexes: true, on: pool)
            let without = try await times(statement.sql, runs: max(3, runs / 3), hasIndexes: false, on: pool)
            let ratio = without.median / max(0.001, with.median)
            isFaster = isFaster && ratio > 1 && !with.indexes.isEmpty
            line(
                statement.name, Self.text(with.median), Self.text(without.median), String(Int(ratio.rounded())),
                " " + with.indexes.joined(separator: ", "))
        }
        return isFaster
    }

    private static func text(_ milliseconds: Double) -> String { String(format: "%.2f", milliseconds) }

    /// Execution times as Postgres measures them, and the indexes that the plan names.
    private func times(
        _ sql: SQL, runs: Int, hasIndexes: Bool, on pool: PostgresPool
    ) async throws -> (median: Double, indexes: [String]) {
        try await pool.transaction { connection in
            if !hasIndexes {
                try connection.script(
                    """
                    set local enable_indexscan = off; set local enable_indexonlyscan = off;
                    set local enable_bitmapscan = off
                    """)
            }
            var times: [Double] = []
            var indexes: Set<String> = []
            for _ in 0..<runs {
                let plan = try connection.query("explain (analyze, timing off) \(sql)", as: String.self)
                for line in plan {
                    let words = line.split(separator: " ").map(String.init)
                    if words.starts(with: ["Execution", "Time:"]), let time = Double(words[2]) { times.append(time) }
                    if let place = words.firstIndex(of: "using"), line.contains("Scan") {
                        indexes.insert(words[place + 1])
                    }
                    if let place = words.firstIndex(of: "on"), line.contains("Bitmap Index Scan") {
                        indexes.insert(words[place + 1])
                    }
                }
            }
            return (times.sorted()[times.count / 2], indexes.sorted())
        }
    }
}
