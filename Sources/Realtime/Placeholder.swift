import Protocol
enum RealtimePlaceholder {}
