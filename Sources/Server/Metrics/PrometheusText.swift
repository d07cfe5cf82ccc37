/// The text exposition format 0.0.4 of Prometheus, written line by line.
struct PrometheusText {
    private(set) var text = ""

    mutating func type(_ name: String, _ type: String) { text += "# TYPE \(name) \(type)\n" }

    /// - Parameter labels: as `labels(_:)` renders them, without braces.
    mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        text += labels.isEmpty ? "\(name) \(Self.number(value))\n" : "\(name){\(labels)} \(Self.number(value))\n"
    }

    mutating func series(_ name: String, _ labels: String, _ series: PrometheusRegistry.Series) {
        switch series {
        case .counter(let counter): sample(name, labels, Double(counter.value))
        case .gauge(let gauge): sample(name, labels, gauge.value)
        case .histogram(let histogram): self.histogram(name, labels, histogram)
        }
    }

    private mutating func histogram(_ name: String, _ labels: String, _ histogram: PrometheusHistogram) {
        let snapshot = histogram.snapshot
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (index, count) in snapshot.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
            sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", Double(total))
        }
        sample("\(name)_sum", labels, snapshot.sum)
        sample("\(name)_count", labels, Double(total))
    }

    /// A name Prometheus takes: letters, digits, `_` and `:`, no digit first; other characters become `_`.
    static func name(_ label: String) -> String {
        var name = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") ? $0 : "_" })
        if name.first?.isNumber ?? true { name = "_" + name }
        return name
    }

    /// Labels sorted by name, values escaped, without braces.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { name, value in
                var escaped = ""
                for character in value {
                    switch character {
                    case "\\": escaped += "\\\\"
                    case "\"": escaped += "\\\""
                    case "\n": escaped += "\\n"
                    default: escaped.append(character)
                    }
                }
                return "\(self.name(name))=\"\(escaped)\""
            }
            .joined(separator: ",")
    }

    /// Whole numbers without a fraction, as Prometheus writes them; infinities and NaN in its words.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return value.description
    }
}
