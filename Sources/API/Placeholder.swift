import Protocol
enum APIPlaceholder {}
