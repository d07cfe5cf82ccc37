import CLibpq

/// What Postgres says about a statement that failed.
struct ServerReport {
    let sqlstate: String
    let message: String
    let constraint: String
    let column: String
    let sourceFunction: String

    init(_ result: OpaquePointer) {
        func field(_ code: UnicodeScalar) -> String {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) } ?? ""
        }
        // The PG_DIAG_… codes of postgres_ext.h; Swift does not import character macros as scalars.
        sqlstate = field("C")
        message = field("M")
        constraint = field("n")
        column = field("c")
        sourceFunction = field("R")
    }

    /// The prepared statement is unknown to the server, or its plan no longer fits the tables.
    var isStaleStatement: Bool {
        sqlstate == "26000" || (sqlstate == "0A000" && sourceFunction == "RevalidateCachedQuery")
    }

    /// The one translation of SQLSTATE. `statement` is quoted where the mistake is ours.
    func error(statement: String) -> StoreError {
        switch sqlstate {
        case "23505": .unique(constraint: constraint)
        case "23503": .foreignKey(constraint: constraint)
        case "23514": .check(constraint: constraint)
        case "23502": .notNull(column: column)
        case "40001", "40P01": .serialization
        case "40003", "08007": .commitUnknown
        // Cancelled, but not by us; read-only after a failover; lock not available; idle too long.
        case "57014", "25006", "55P03", "25P03": .unavailable(message)
        default:
            switch sqlstate.prefix(2) {
            case "22", "23": .invalidValue(sqlstate: sqlstate, message: message)
            case "08", "53", "57", "58", "28", "3D": .unavailable(message)
            default: .server(sqlstate: sqlstate, message: "\(message), in: \(statement.prefix(200))")
            }
        }
    }
}
