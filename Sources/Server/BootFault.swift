import Store

/// A reason why the server does not start, in words for whoever started it.
package struct BootFault: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    static func dataDirectory(_ path: String, _ reason: String) -> BootFault {
        BootFault("DATA_DIR is '\(path)', which cannot be used: \(reason)")
    }

    static func dataDirectoryTaken(_ path: String, by holder: String) -> BootFault {
        BootFault("another fitai process\(holder) uses the data directory \(path); stop it, or set DATA_DIR to another")
    }

    /// What a person can mend, in words; other errors are our bugs and stay as they are.
    static func readable(_ error: any Error) -> any Error {
        switch error {
        case let held as AdvisoryLock.Held:
            BootFault(
                "another fitai process serves this database (\(held.holder)); a database takes one process until many "
                    + "nodes come with a later version")
        case is MigrationError, is StoreError, is InvalidConfiguration: BootFault("\(error)")
        case let error as LocalClusterError: BootFault("the private Postgres: \(error)")
        default: error
        }
    }
}
