"""Who answers beside the judge: the built-in classifier, the guideline search and the assistant."""
