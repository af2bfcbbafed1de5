"""One file a protocol: which documents train and which are asked, for one method and one fold."""
