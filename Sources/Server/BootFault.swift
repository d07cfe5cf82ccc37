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

    static func databaseTaken(_ database: String) -> BootFault {
        BootFault(
            "another fitai process serves the database \(database); "
                + "one database takes one process until many nodes come with a later version")
    }
}
