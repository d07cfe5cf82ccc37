/// What a job is to do; its kind names the handler.
///
/// A payload lies in the database until the job is done, and longer if it fails: it names things by their ids and
/// holds no secrets. It changes as a wire type does: what an older version enqueued has to decode.
package protocol JobPayload: Codable, Sendable {
    /// 1…80 characters, never changed.
    static var kind: String { get }
}
