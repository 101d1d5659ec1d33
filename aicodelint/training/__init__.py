"""How a bundle comes to be. Needs the ``train`` extra."""
