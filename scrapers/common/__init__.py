"""What the sources share: reading pages (``page``), walking listings (``walk``), unknown fields (``fields``), rows of files (``rows``),
the Hugging Face Hub (``hub``), repositories of files (``repository``)."""
