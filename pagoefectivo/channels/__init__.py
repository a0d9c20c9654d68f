"""Ways to reach a buyer. They know no row and no provider: a finished message goes in, what became of it comes out."""
