import Foundation
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The certificate and key that the site shows, read again when their files change.
///
/// The files are looked at every `interval`, and at once on SIGHUP. A new pair is shown to the connections that begin
/// after it was read; open ones keep theirs. A pair that cannot be used is logged as an error, once, and the old one stays.
package final class Certificates: Service, Sendable {
    /// What the two files held.
    private struct Pair: Hashable {
        let certificate: Data
        let key: Data
    }

    private struct State {
        var context: NIOSSLContext
        var shown: Pair
        /// The last pair that could not be used, so that it is not complained about at every look.
        var refused: Pair?
        /// The same for files that could not be read.
        var unreadable: String?
    }

    private let files: TLSFiles
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads and checks both files.
    ///
    /// - Throws: `BootFault` naming the variable whose file cannot be used, and why.
    package init(_ files: TLSFiles, interval: Duration = .seconds(10), logger: Logger) throws(BootFault) {
        self.files = files
        self.interval = interval
        self.logger = logger
        let pair = try Self.read(files)
        let (context, end) = try Self.context(pair, files)
        state = Mutex(State(context: context, shown: pair))
        warnOfEnd(end)
    }

    /// For connections that begin now.
    package var current: NIOSSLContext { state.withLock { $0.context } }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { self.reload() }
                }
                group.addTask {
                    while !Task.isCancelled {
                        // A cancelled pause is the end of the loop.
                        try? await Task.sleep(for: self.interval)
                        self.reload()
                    }
                }
            }
        }
    }

    /// Reads the files again and shows the new pair if there is a usable one.
    package func reload() {
        let pair: Pair
        do {
            pair = try Self.read(files)
        } catch {
            let isNew = state.withLock { state in
                defer { state.unreadable = error.description }
                return state.unreadable != error.description
            }
            if isNew { logger.error("the certificate is kept: \(error)") }
            return
        }
        let isNew = state.withLock { state in
            state.unreadable = nil
            return pair != state.shown && pair != state.refused
        }
        guard isNew else { return }
        do {
            let (context, end) = try Self.context(pair, files)
            state.withLock { state in
                state.context = context
                state.shown = pair
                state.refused = nil
            }
            logger.notice("a new certificate is shown", metadata: ["tls.certificate": "\(files.certificate)"])
            warnOfEnd(end)
        } catch {
            state.withLock { $0.refused = pair }
            logger.error("the certificate is kept: \(error)")
        }
    }

    private static func read(_ files: TLSFiles) throws(BootFault) -> Pair {
        Pair(
            certificate: try contents(of: files.certificate, .tlsCertificate),
            key: try contents(of: files.key, .tlsKey))
    }

    private static func contents(of path: String, _ variable: Variable) throws(BootFault) -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw BootFault("\(variable.name) is '\(path)', which cannot be read: \(error.localizedDescription)")
        }
    }

    /// The pair as connections use it, and when its certificate ends, in seconds since 1970.
    private static func context(_ pair: Pair, _ files: TLSFiles) throws(BootFault) -> (NIOSSLContext, Int) {
        let certificateFault = BootFault(
            "\(Variable.tlsCertificate.name) is '\(files.certificate)', which holds no certificate in PEM")
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMBytes(Array(pair.certificate)) } catch { throw certificateFault }
        guard let own = chain.first else { throw certificateFault }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: Array(pair.key), format: .pem)
        } catch {
            throw BootFault(
                "\(Variable.tlsKey.name) is '\(files.key)', which holds no private key in PEM without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // A peer that never answers our goodbye keeps its connection no longer than this.
        configuration.shutdownTimeout = .seconds(1)
        do {
            return (try NIOSSLContext(configuration: configuration), Int(own.notValidAfter))
        } catch {
            throw BootFault(
                "\(Variable.tlsKey.name) is '\(files.key)', which is not the key of the certificate in "
                    + "\(Variable.tlsCertificate.name) '\(files.certificate)'")
        }
    }

    private func warnOfEnd(_ end: Int) {
        let day = 24 * 3600
        let seconds = end - Int(Date().timeIntervalSince1970)
        guard seconds < 14 * day else { return }
        let when = seconds < 0 ? "is over" : "ends in less than \(seconds / day + 1) days"
        logger.warning("the certificate \(when)", metadata: ["tls.certificate": "\(files.certificate)"])
    }
}
