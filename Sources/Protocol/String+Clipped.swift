extension String {
    /// As many whole characters from the front as fit into `bytes` of UTF-8: what is repeated of a text from outside.
    func clipped(bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        var clipped = ""
        var left = bytes
        for character in self {
            left -= character.utf8.count
            guard left >= 0 else { break }
            clipped.append(character)
        }
        return clipped
    }
}
