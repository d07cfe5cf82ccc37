import Protocol
enum ClientPlaceholder {}
