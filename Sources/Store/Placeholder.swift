import Protocol
enum StorePlaceholder {}
