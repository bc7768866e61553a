"""
Reading OLX exports as Studio writes them: what people upload (:mod:`.uploads`), a folder of them (:mod:`.shelf`, which
reads what is new in the :mod:`.background`), an archive (:mod:`.archive`) of entries
(:mod:`.entries`) in its format (:mod:`.tar`, :mod:`.zip`) and what a list takes of it (:mod:`.outline`), one export
(:mod:`.export`), its blocks (:mod:`.blocks`), its drafts (:mod:`.drafts`), its static files (:mod:`.static_files`), and
below these its files (:mod:`.files`) in whatever encoding (:mod:`.texts`). What is read goes into ``content_staging``
(:mod:`.staging`).

Exports are broken or hostile until read. No path leaves the export's own folder, and one bad block never stops the
others.
"""
