"""Taking a document down: nothing in the bag holds it afterwards, and the chain still holds."""
