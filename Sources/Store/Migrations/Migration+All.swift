extension Migration {
    /// Every migration, in order. A file is added here once, by the name SwiftPM gives to its bytes (the first digit
    /// becomes `_`), and never changed or removed afterwards; a test holds this list against the folder.
    package static let all: [Migration] = [
    ]
}
