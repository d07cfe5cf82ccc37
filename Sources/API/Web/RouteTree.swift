/// Finds the route of a path; a literal segment wins over a parameter.
struct RouteTree<Endpoint: Sendable>: Sendable {
    private var root = Node()

    private struct Node: Sendable {
        var literals: [String: Node] = [:]
        /// At most one: parameters of the same place share it, each endpoint knows its own names.
        var parameter: [Node] = []
        var endpoints: [String: (endpoint: Endpoint, names: [String])] = [:]
    }

    struct Match: Sendable {
        let endpoint: Endpoint
        let parameters: [String: String]
    }

    enum Outcome: Sendable {
        case found(Match)
        case wrongMethod(allowed: [String])
        case unknown
    }

    /// Adds an endpoint under a path whose parameters begin with a colon; false if there is one already.
    mutating func insert(_ endpoint: Endpoint, method: String, path: String) -> Bool {
        let segments = path.split(separator: "/").map(String.init)
        let names = segments.filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
        return RouteTree.insert((endpoint, names), method, segments[...], into: &root)
    }

    private static func insert(
        _ entry: (endpoint: Endpoint, names: [String]), _ method: String, _ segments: ArraySlice<String>,
        into node: inout Node
    ) -> Bool {
        guard let first = segments.first else {
            guard node.endpoints[method] == nil else { return false }
            node.endpoints[method] = entry
            return true
        }
        if first.hasPrefix(":") {
            if node.parameter.isEmpty { node.parameter.append(Node()) }
            return insert(entry, method, segments.dropFirst(), into: &node.parameter[0])
        }
        return insert(entry, method, segments.dropFirst(), into: &node.literals[first, default: Node()])
    }

    /// Looks up a request path (still percent-encoded).
    func find(method: String, path: String) -> Outcome {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard segments.count <= 16, !segments.contains(where: \.isEmpty) else { return .unknown }
        guard let (node, values) = RouteTree.descend(segments, from: root) else { return .unknown }
        guard let entry = node.endpoints[method] else { return .wrongMethod(allowed: node.endpoints.keys.sorted()) }
        let parameters = Dictionary(zip(entry.names, values), uniquingKeysWith: { first, _ in first })
        return .found(Match(endpoint: entry.endpoint, parameters: parameters))
    }

    /// The deepest node for the segments, literals first, with the parameters' values.
    private static func descend(_ segments: ArraySlice<Substring>, from node: Node) -> (Node, [String])? {
        guard let first = segments.first else { return node.endpoints.isEmpty ? nil : (node, []) }
        if let literal = node.literals[String(first)], let found = descend(segments.dropFirst(), from: literal) {
            return found
        }
        guard let parameter = node.parameter.first, let value = first.percentDecoded(),
            let (found, values) = descend(segments.dropFirst(), from: parameter)
        else { return nil }
        return (found, [value] + values)
    }
}
