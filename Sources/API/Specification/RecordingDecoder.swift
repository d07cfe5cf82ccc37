/// A decoder that answers every question with a sample and notes what was asked.
struct RecordingDecoder: Decoder {
    /// What one value was decoded from.
    final class Notes {
        /// The members of an object.
        var members: [String: OutputSchema] = [:]
        /// Of a type that stands for a single other value.
        var value: OutputSchema?
    }

    let recorder: SchemaRecorder
    /// Whether what may be missing is there.
    let isFull: Bool
    let notes = Notes()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(recorder: SchemaRecorder, isFull: Bool) {
        self.recorder = recorder
        self.isFull = isFull
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Members(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SchemaFault(description: "lists that a type reads itself are not looked into")
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }

    private func value<Value: Decodable>(_ type: Value.Type, for member: String) throws -> (Value, OutputSchema) {
        let sample = try recorder.sample(of: type, for: member)
        guard let value = (isFull ? sample.full : sample.least) as? Value else {
            throw SchemaFault(description: "the sample of \(type) is none")
        }
        return (value, sample.schema)
    }

    private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let decoder: RecordingDecoder
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }

        func contains(_ key: Key) -> Bool { true }
        func decodeNil(forKey key: Key) -> Bool { !decoder.isFull }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            let (value, schema) = try decoder.value(type, for: key.stringValue)
            decoder.notes.members[key.stringValue] = schema
            return value
        }

        func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
            if decoder.recorder.isUnderway(type) {
                // A type inside of itself: its component is referred to.
                let name = SchemaRecorder.componentName(of: (type as? any ListShape.Type)?.element ?? type)
                let object = OutputSchema.object(name)
                decoder.notes.members[key.stringValue] = (type as? any ListShape.Type)?.schema(of: object) ?? object
                return nil
            }
            return decoder.isFull ? try decode(type, forKey: key) : nil
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> { throw unread(key) }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw unread(key) }
        func superDecoder() throws -> any Decoder { throw SchemaFault(description: "classes are not looked into") }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw unread(key) }

        private func unread(_ key: Key) -> SchemaFault {
            SchemaFault(description: "\(key.stringValue) is read piece by piece, its type has to declare its schema")
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: RecordingDecoder
        var codingPath: [any CodingKey] { [] }

        func decodeNil() -> Bool { !decoder.isFull }

        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let (value, schema) = try decoder.value(type, for: "")
            decoder.notes.value = schema
            return value
        }
    }
}
