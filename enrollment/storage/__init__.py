"""Storage: connections, transactions and named queries; the seam on which another engine stands."""
