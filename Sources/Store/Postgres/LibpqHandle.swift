import CLibpq

/// Owns a `PGconn`; closes it when it goes out of use.
final class LibpqHandle {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        // Notices are not for standard error, which is libpq's default.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
    }

    deinit { PQfinish(pointer) }

    var descriptor: Int32 { PQsocket(pointer) }

    var isGood: Bool { PQstatus(pointer) == CONNECTION_OK }

    /// libpq's last message, on one line.
    var message: String {
        let text = String(cString: PQerrorMessage(pointer))
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    var transaction: PGTransactionStatusType { PQtransactionStatus(pointer) }
}
