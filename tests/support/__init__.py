"""What tests share: servers, example mappings."""
