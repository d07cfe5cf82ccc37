/// The name of a room on the wire, for example `workout:0193e0c2-…`.
///
/// Boards, challenges and replays join when their rooms do; until then their names are no room's.
public enum RoomName: Hashable, Sendable {
    case workout(WorkoutID)

    public init?(_ text: String) {
        guard text.hasPrefix("workout:"), let id = UUIDv7(String(text.dropFirst(8))) else { return nil }
        self = .workout(id)
    }

    /// The one spelling of a room's name, ids in lower case; a name that is no room's stays as it is.
    public static func canonical(_ text: String) -> String { RoomName(text)?.text ?? text }

    public var text: String {
        switch self {
        case .workout(let id): "workout:\(id)"
        }
    }
}
