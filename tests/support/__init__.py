"""What several test files share: small bundles, stored answers, drawn and mutated photos."""
