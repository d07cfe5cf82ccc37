import Protocol
enum ServerPlaceholder {}
