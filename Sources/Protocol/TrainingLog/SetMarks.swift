/// What the columns of an app's export have no word for, written behind a row's note where a person can read it too:
/// `slow [set: amrap, left, 2 RIR]`.
///
/// Apps keep notes as they are, so that what goes through one of them comes back. A note that ends like this by itself
/// gets an empty mark (`[set:]`), so that every note comes back as it was.
public struct SetMarks: Hashable, Sendable {
    /// One that the app does not know.
    public var type: SetType?
    public var side: Side?
    /// 0…10.
    public var rir: Int64?
    /// Whether the set has an RPE beside its RIR; without one the app's column shows the RPE that the RIR stands for.
    public var hasRPE = false
    /// The exercise's group, in an app that has none: 1…100.
    public var superset: Int?
    /// The row begins a place of its own, though the exercise stood in the workout before.
    public var isAgain = false

    public init() {}

    /// The note with the marks behind it.
    public func note(behind text: String) -> String {
        let words = words
        if words.isEmpty { return SetMarks.split(text).marks == nil ? text : "\(text) [set:]" }
        let mark = "[set: \(words.joined(separator: ", "))]"
        return text.isEmpty ? mark : "\(text) \(mark)"
    }

    /// A row's note without the marks behind it; the text as it is where there are none.
    public static func split(_ text: String) -> (note: String, marks: SetMarks?) {
        guard text.utf8.last == UInt8(ascii: "]"), let opening = text.ranges(of: "[set:").last else {
            return (text, nil)
        }
        var marks = SetMarks()
        for word in text[opening.upperBound...].dropLast().split(separator: ",") {
            guard marks.take(String(word.trimmed)) else { return (text, nil) }
        }
        let note = text[..<opening.lowerBound]
        return (String(note.last == " " ? note.dropLast() : note), marks)
    }

    private var words: [String] {
        [
            isAgain ? "again" : nil, type?.rawValue, side?.rawValue, rir.map { "\($0) RIR" },
            hasRPE && rir != nil ? "RPE" : nil, superset.map { "superset \($0)" },
        ].compactMap(\.self)
    }

    /// Whether the word is one of ours.
    private mutating func take(_ word: String) -> Bool {
        let parts = word.split(separator: " ").map(String.init)
        switch (parts.first, parts.count) {
        case ("again", 1): isAgain = true
        case ("RPE", 1): hasRPE = true
        case ("superset", 2):
            guard let number = Int(parts[1]), (1...100).contains(number) else { return false }
            superset = number
        case (let number?, 2) where parts[1] == "RIR":
            guard let number = Int64(number), (0...10).contains(number) else { return false }
            rir = number
        case (let name?, 1):
            if let side = Side(rawValue: name) {
                self.side = side
            } else if let type = SetType(rawValue: name) {
                self.type = type
            } else {
                return false
            }
        default: return false
        }
        return true
    }
}
