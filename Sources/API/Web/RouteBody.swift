import Protocol

/// What a route reads from the request's body.
package protocol RouteBody: Sendable {
    /// nil when the route reads no body.
    static var shape: BodyShape? { get }
    /// Takes the body in; answers nil only if `arrival.faults` was told why.
    static func take(_ arrival: inout BodyArrival) async throws -> Self?
}

/// The body of a route, as the specification shows it.
package struct BodyShape: Sendable {
    /// Of the JSON object; empty for a body that is taken as bytes.
    package let name: String
    package let members: [MemberSchema]
    /// The types of a body that is taken as bytes; empty for JSON.
    package let media: [MediaType]
    /// With `multipart/form-data`: the part that holds the file.
    package let filePart: String?
    package let isRequired: Bool
    /// Whether the same members may come as the form of a page.
    package let hasForm: Bool
    /// Read but not declared, or declared but not read: must be empty.
    package let undeclared: Set<String>

    /// A JSON object.
    package init(
        name: String, members: [MemberSchema], isRequired: Bool, hasForm: Bool = false, undeclared: Set<String>
    ) {
        self.name = name
        self.members = members
        media = []
        filePart = nil
        self.isRequired = isRequired
        self.hasForm = hasForm
        self.undeclared = undeclared
    }

    /// Bytes of one of the media types.
    package init(media: [MediaType], filePart: String?) {
        precondition(!media.isEmpty, "a body of bytes needs a media type")
        name = ""
        members = []
        self.media = media
        self.filePart = filePart
        isRequired = true
        hasForm = false
        undeclared = []
    }
}

extension NoBody: RouteBody {
    package static var shape: BodyShape? { nil }
    package static func take(_ arrival: inout BodyArrival) -> NoBody? { NoBody() }
}

extension BodyInput where Self: RouteBody {
    package static var shape: BodyShape? {
        BodyShape(
            name: SchemaRecorder.componentName(of: Self.self), members: specifiedMembers, isRequired: true,
            undeclared: undeclaredMembers)
    }

    package static func take(_ arrival: inout BodyArrival) async throws -> Self? {
        try await arrival.object(isRequired: true)
    }
}

/// A body that may be left out; then it is read as an empty object.
package struct OptionalBody<Body: BodyInput>: RouteBody {
    package let value: Body

    package static var shape: BodyShape? {
        BodyShape(
            name: SchemaRecorder.componentName(of: Body.self), members: Body.specifiedMembers, isRequired: false,
            undeclared: Body.undeclaredMembers)
    }

    package static func take(_ arrival: inout BodyArrival) async throws -> OptionalBody? {
        try await arrival.object(isRequired: false).map { OptionalBody(value: $0) }
    }
}

extension BodyArrival {
    /// The body as a JSON object with the members of `Body`.
    mutating func object<Body: BodyInput>(isRequired: Bool, as: Body.Type = Body.self) async throws -> Body? {
        var bytes = try await bytes()
        if bytes.isEmpty, !isRequired {
            bytes = Array("{}".utf8)
        } else if !facts.isJSON {
            throw Problem(.unsupportedMediaType, detail: "Send application/json.")
        }
        var reader = BodyReader(try JSONValue(body: bytes))
        let body = Body(reading: &reader)
        faults += reader.faults
        return body
    }
}
