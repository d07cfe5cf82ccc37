import Foundation
import Store

/// Looks at the plans of all statements that a connection has prepared, which are those that really ran.
///
/// Each is planned without its parameters' values and with sequential scans at a penalty: what still reads a growing
/// table without an index's condition has no index that could serve it, however large the table becomes.
package struct PlanAudit: Sendable {
    package struct Fault: Sendable, CustomStringConvertible {
        package let table: String
        package let node: String
        package let statement: String

        package var description: String { "\(node) on \(table): \(statement)" }
    }

    /// Tables that grow with users and what they do.
    package let growing: Set<String>
    /// How statements begin that run once at a start and may read a table whole.
    package let startUp: [String]

    package init(growing: Set<String>, startUp: [String] = []) {
        self.growing = growing
        self.startUp = startUp
    }

    /// Statements prepared on the connection that read or change one of the growing tables.
    package func statements(on connection: isolated PostgresConnection) throws -> [(name: String, text: String)] {
        let rows = try connection.query(
            "select name, statement from pg_prepared_statements where statement !~ 'pg_prepared' order by name",
            as: (String, String).self)
        return rows.filter { _, text in
            guard !startUp.contains(where: text.hasPrefix) else { return false }
            return text.split { !$0.isLetter && $0 != "_" }.contains { growing.contains(String($0)) }
        }.map { (name: $0, text: $1) }
    }

    /// Every scan of a growing table that no index narrows.
    package func faults(on connection: isolated PostgresConnection) throws -> [Fault] {
        try connection.script(
            """
            set plan_cache_mode = force_generic_plan;
            set enable_seqscan = off;
            create or replace function pg_temp.plan_of(statement text) returns setof json language plpgsql as
            $$ begin return query execute 'explain (format json) ' || statement; end $$;
            """)
        var faults: [Fault] = []
        for statement in try statements(on: connection) {
            let parameters = try connection.first(
                "select cardinality(parameter_types) from pg_prepared_statements where name = \(statement.name)",
                as: Int.self)
            let values = Array(repeating: "null", count: parameters ?? 0).joined(separator: ", ")
            let call = values.isEmpty ? "" : "(\(values))"
            let plan = try Self.plan(of: "execute \"\(statement.name)\"\(call)", on: connection)
            look(at: plan, isLimited: false) { table, node in
                faults.append(Fault(table: table, node: node, statement: statement.text))
            }
        }
        return faults
    }

    private static func plan(
        of statement: String, on connection: isolated PostgresConnection
    ) throws -> [String: Any] {
        let lines = try connection.query("select pg_temp.plan_of(\(statement))::text", as: String.self)
        let text = lines.joined(separator: "\n")
        let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        return document?.first?["Plan"] as? [String: Any] ?? [:]
    }

    private func look(at node: [String: Any], isLimited: Bool, _ report: (String, String) -> Void) {
        let type = node["Node Type"] as? String ?? ""
        if let table = node["Relation Name"] as? String, growing.contains(table) {
            switch type {
            case "Seq Scan": report(table, type)
            // Without a condition the whole index is walked; in its order and up to a limit that may be meant.
            case "Index Scan", "Index Only Scan":
                if node["Index Cond"] == nil && !isLimited { report(table, "\(type) without a condition") }
            default: break
            }
        }
        let limits = isLimited || type == "Limit"
        for child in node["Plans"] as? [[String: Any]] ?? [] {
            look(at: child, isLimited: limits && type != "Sort" && type != "Aggregate", report)
        }
    }
}
